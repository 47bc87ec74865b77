"""Modules that all other packages use: texts and their places, files, diagnostics, findings, JSON Schema."""
