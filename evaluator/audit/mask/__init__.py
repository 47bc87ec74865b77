"""Copies of records and logs in which names and addresses are replaced by pseudonyms."""
