"""Reads the facts of Ansible's `setup` module: `wire` has their types, `read` converts them to facts of a host."""
