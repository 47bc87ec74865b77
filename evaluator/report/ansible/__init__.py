"""Reads Ansible's facts (`setup` module). `wire` defines the types, and `read` converts them to facts of a host."""
