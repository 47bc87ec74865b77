"""The language server: what an editor shows about policy files and policy tests while they are written.

All logic is in functions of a text and an offset in it. They return offsets and texts, and they know neither the
protocol nor a line number. Only `server.py`, `convert.py` and `positions.py` know the Language Server Protocol.
"""
