"""The policy information point (PIP): reads the reports of other tools, validates them, and returns facts of a host.

`read.py` is the entry point. Each report format has one package and one entry in `read.FORMATS`.
"""
