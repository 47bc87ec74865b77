"""Decisions about real links: a Linux kernel of its own, in it one network namespace a scenario.

Nothing else proves that what the kernel really reports is read rightly. `make vm-test` runs `real_kernel.py`; its name
keeps it out of the ordinary run, which must need no kernel.
"""
