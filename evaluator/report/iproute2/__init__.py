"""The output of `ip -j`: what it looks like (`wire`), and how it becomes facts."""
