"""Basics for all other packages: texts and places in them, files, diagnostics, findings, JSON Schema."""
