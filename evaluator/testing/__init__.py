"""Policy tests: test files, the hosts in them, and their runner."""
