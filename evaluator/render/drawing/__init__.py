"""The topology of a host as an SVG drawing."""
