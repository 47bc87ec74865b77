"""Reads the reply to VDSM's getCapabilities: `wire` has its types, `read` converts it to facts."""
