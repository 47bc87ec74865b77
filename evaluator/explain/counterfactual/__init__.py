"""What would have to be different so that another interface is the answer."""
