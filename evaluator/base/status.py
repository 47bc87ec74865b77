"""The outcomes of a decision (DESIGN, section 7): a contract with every program that reads decisions."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The five outcomes; none of them is an error."""

    RESOLVED = "resolved"
    REJECTED = "rejected"
    AMBIGUOUS = "ambiguous"
    NO_MATCH = "no_match"
    UNKNOWN_HOST = "unknown_host"


NAMING = (Status.RESOLVED, Status.REJECTED)
