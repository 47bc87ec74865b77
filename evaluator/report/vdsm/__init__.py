"""VDSM's getCapabilities: what it looks like (`wire`), and how it becomes facts."""
