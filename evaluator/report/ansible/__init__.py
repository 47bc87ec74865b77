"""The facts of Ansible's `setup`: what they look like (`wire`), and how they become facts of a host."""
