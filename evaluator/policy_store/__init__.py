"""Policies in files and folders that are loaded again when a file changes."""
