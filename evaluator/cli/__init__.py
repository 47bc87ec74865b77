"""PEP at a terminal: the operators' and auditors' door."""
