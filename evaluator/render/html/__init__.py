"""A decision as one HTML page."""
