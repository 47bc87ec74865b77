"""The audit trail: decision records, the log that contains them, replays and masked copies."""
