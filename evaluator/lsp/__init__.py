"""The language server: what an editor shows about policy files and policy tests while they are written.

All logic is in functions that take a text and an offset in this text. The functions return offsets and texts. They use
no line numbers and no types of the Language Server Protocol. Only `server.py`, `convert.py` and `positions.py` use the
protocol.
"""
