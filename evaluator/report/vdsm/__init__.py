"""Reads VDSM's reply to getCapabilities. `wire` defines the types, and `read` converts the reply to facts."""
