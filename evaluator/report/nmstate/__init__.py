"""What `nmstatectl show` prints: what it looks like (`wire`), and how it becomes facts."""
