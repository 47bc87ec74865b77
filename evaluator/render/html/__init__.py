"""Print a decision as one HTML page."""
