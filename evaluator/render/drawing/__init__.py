"""The interfaces of a host as a layered SVG drawing."""
