"""What operators use to work on their policies: tests made from records and from changes."""
