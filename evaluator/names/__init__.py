"""PIP for host names: a name becomes the frozen set of addresses that a decision is made on.

Everything here happens before a decision; nothing here is called from inside one.
"""
