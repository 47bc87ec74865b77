"""Runs rules on the facts of one host: the reference interpreter, costs, index lookups, verdicts and messages."""
