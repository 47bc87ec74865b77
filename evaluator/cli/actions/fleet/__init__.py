"""The functions that run `activenic fleet`; they need the packages of the extra `fleet`."""
