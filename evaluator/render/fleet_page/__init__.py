"""Print the counts of a fleet as one HTML page with charts and tables of hosts."""
