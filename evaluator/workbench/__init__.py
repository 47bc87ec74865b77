"""What operators run on their policies."""
