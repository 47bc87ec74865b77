"""Loads policies from files and folders, and loads a policy again when its file changes."""
