"""Decisions for the eye. Decides nothing."""
