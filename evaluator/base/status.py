"""Defines the status of a decision. The statuses are a contract with every program that reads decisions."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The outcome of a decision. It is always a value and never an exception."""

    RESOLVED = "resolved"
    REJECTED = "rejected"
    AMBIGUOUS = "ambiguous"
    NO_MATCH = "no_match"
    UNKNOWN_HOST = "unknown_host"


NAMING = (Status.RESOLVED, Status.REJECTED)  # the decision names an interface
