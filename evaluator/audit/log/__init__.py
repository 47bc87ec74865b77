"""The decision log: an append-only SQLite file, and exports of its records as JSON lines."""
