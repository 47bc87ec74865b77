"""What a rule does on one host: the reference interpreter, its costs, verdicts and messages."""
