"""The version of this package: `activenic --version`, the engine in each record, and the foot of a page."""

__version__ = "0.2.0.dev0"
