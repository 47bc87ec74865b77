"""The functions that run commands, if these functions need slow modules or the packages of an extra."""
