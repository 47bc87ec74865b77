"""Writes one changed fact of a host into its report; each format has one writer."""
