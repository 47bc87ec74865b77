"""The log of decisions: one SQLite file that only grows, and the exports that are made of it."""
