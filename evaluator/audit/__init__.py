"""What auditors keep: decision records, the log that holds them, replays, masked copies."""
