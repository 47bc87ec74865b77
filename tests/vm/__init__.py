"""Decisions about real links: a Linux kernel of its own, in it one network namespace a scenario.

Nothing else proves that what the kernel really reports is read correctly. `make test-system` runs it.
"""
