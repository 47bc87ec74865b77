"""Contains the version of this package. `activenic --version`, records and HTML pages show this version."""

__version__ = "0.2.0"
