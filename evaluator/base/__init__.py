"""What everything else uses: texts and places in them, files, diagnostics, findings, JSON Schema."""
