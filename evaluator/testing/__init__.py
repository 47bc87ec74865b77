"""Policy tests: the reader of test files, the short notation of hosts, and the runner."""
