"""Masked copies of decision records: names and addresses are replaced by pseudonyms."""
