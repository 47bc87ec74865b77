"""PIP for hosts: a foreign document becomes a validated report and then facts.

`read.py` is the door; each tool's format has one module and one entry in `read.FORMATS`.
"""
