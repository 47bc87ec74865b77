"""What is wrong with a question: code, message, place, hint; and the errors that carry them.

An ordinary outcome is never an error (it is a status). An error means that the question cannot be
asked: the report, the policy or the host name is not one. Each error carries every problem found.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from evaluator.base.text import visible


class Severity(StrEnum):
    """How much a diagnostic or a finding weighs; the order of definition is the order of sorting."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for an error, 1 for a warning, 2 for an information."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class ReportCode(StrEnum):
    """Why a report is refused."""

    DESIRED_STATE = "REPORT_IS_DESIRED_STATE"
    DUPLICATE_KEY = "REPORT_DUPLICATE_KEY"
    EMPTY = "REPORT_EMPTY"
    FORMAT_UNKNOWN = "REPORT_FORMAT_UNKNOWN"
    INVALID = "REPORT_INVALID"
    IS_ERROR_REPLY = "REPORT_IS_ERROR_REPLY"
    ITEM_NEEDED = "REPORT_ITEM_NEEDED"
    ITEM_UNKNOWN = "REPORT_ITEM_UNKNOWN"
    NAME_TWICE = "REPORT_NAME_TWICE"
    NOT_JSON = "REPORT_NOT_JSON"
    NOT_RECOGNISED = "REPORT_NOT_RECOGNISED"
    NOT_YAML = "REPORT_NOT_YAML"
    OTHER_SYSTEM = "REPORT_OF_OTHER_SYSTEM"
    TOO_DEEP = "REPORT_TOO_DEEP"
    TOO_LARGE = "REPORT_TOO_LARGE"
    UNREADABLE = "REPORT_UNREADABLE"


class HostNameCode(StrEnum):
    """Why a host cannot be asked for: its name, the options of the look-up, or a kept resolution."""

    ADDRESS_INVALID = "HOST_ADDRESS_INVALID"
    AMBIGUOUS = "HOST_NAME_AMBIGUOUS"
    BLANK = "HOST_NAME_BLANK"
    CHARACTER = "HOST_NAME_CHARACTER"
    EMPTY = "HOST_NAME_EMPTY"
    EMPTY_LABEL = "HOST_NAME_EMPTY_LABEL"
    HOSTS_FILE_UNREADABLE = "HOSTS_FILE_UNREADABLE"
    IDNA = "HOST_NAME_IDNA"
    IDNA_MISSING = "HOST_NAME_IDNA_MISSING"
    NO_ADDRESS = "HOST_NAME_NO_ADDRESS"
    NO_TEXT = "HOST_NAME_NO_TEXT"
    OPTION_INVALID = "HOST_OPTION_INVALID"
    PORT = "HOST_NAME_PORT"
    PREFIX = "HOST_NAME_PREFIX"
    RESOLUTION_INVALID = "RESOLUTION_INVALID"
    SERVER_INVALID = "DNS_SERVER_INVALID"
    TIMEOUT_INVALID = "DNS_TIMEOUT_INVALID"
    TOO_LONG = "HOST_NAME_TOO_LONG"
    URL = "HOST_NAME_URL"
    USER = "HOST_NAME_USER"
    WIDE_DIGITS = "HOST_NAME_WIDE_DIGITS"
    WILDCARD = "HOST_NAME_WILDCARD"
    ZONE = "HOST_NAME_ZONE"


class RecordCode(StrEnum):
    """Why a record or a log is refused, and what a verification of a log finds."""

    AMBIGUOUS = "RECORD_ID_AMBIGUOUS"
    BODY_ALTERED = "LOG_BODY_ALTERED"
    BODY_MISSING = "LOG_BODY_MISSING"
    BODY_UNNAMED = "LOG_BODY_UNNAMED"
    BUSY = "LOG_BUSY"
    DAMAGED = "LOG_DAMAGED"
    ERASED = "RECORD_ERASED"
    HEAD_CUT = "LOG_TAIL_CUT"
    HEAD_DIFFERS = "LOG_HEAD_DIFFERS"
    HEAD_INVALID = "LOG_HEAD_INVALID"
    HEAD_PRUNED = "LOG_HEAD_PRUNED"
    ID_TWICE = "RECORD_ID_TWICE"
    INDEX_ALTERED = "LOG_INDEX_ALTERED"
    INVALID = "RECORD_INVALID"
    KEY_OPEN_TO_OTHERS = "KEY_OPEN_TO_OTHERS"
    KEY_INVALID = "LOG_KEY_INVALID"
    KEY_UNREADABLE = "LOG_KEY_UNREADABLE"
    MASK_KEY_SHORT = "MASK_KEY_TOO_SHORT"
    MASK_KEY_TOO_LARGE = "MASK_KEY_TOO_LARGE"
    MASK_KEY_UNREADABLE = "MASK_KEY_UNREADABLE"
    NEWER = "LOG_NEWER"
    NOT_A_LOG = "LOG_NOT_A_LOG"
    NOT_A_TEST = "RECORD_NOT_A_TEST"
    NOT_FOUND = "RECORD_NOT_FOUND"
    NOT_REPLAYABLE = "RECORD_NOT_REPLAYABLE"
    OLDER = "LOG_OLDER"
    OPEN_TO_OTHERS = "LOG_OPEN_TO_OTHERS"
    RECORD_ALTERED = "LOG_RECORD_ALTERED"
    RECORD_MISSING = "LOG_RECORD_MISSING"
    SCHEMA_ALTERED = "LOG_SCHEMA_ALTERED"
    SIGNATURE_MISSING = "LOG_SIGNATURE_MISSING"
    SIGNATURE_WRONG = "LOG_SIGNATURE_WRONG"
    STUB_ALTERED = "LOG_STUB_ALTERED"
    TIME_INVALID = "LOG_TIME_INVALID"
    UNREADABLE = "LOG_UNREADABLE"
    UNVERIFIED = "LOG_UNVERIFIED"
    UNWRITABLE = "LOG_UNWRITABLE"


class Diagnostic(Struct, frozen=True):
    """One problem: what is wrong, where, and what to do about it.

    `place` is `file:line:column` in a text and a JSON Pointer in a document; `order` is the offset
    by which the problems of one source are sorted; `excerpt` is the line with its caret.
    """

    code: str
    message: str
    place: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    excerpt: str = ""
    order: int = 0

    def __str__(self) -> str:
        head = f"{visible(self.place)}: " if self.place else ""
        lines = [f"{head}{self.severity}: {self.message} [{self.code}]"]
        lines.extend("  " + line for line in self.excerpt.splitlines())
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, str]:
        """Return the problem as JSON-ready data."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            "place": self.place,
            "hint": self.hint,
        }


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the distinct problems sorted by place."""
    return tuple(
        sorted(dict.fromkeys(diagnostics), key=lambda d: (d.order, d.place, d.severity.rank, d.code, d.message))
    )


class QuestionError(Exception):
    """A question that cannot be asked; `diagnostics` holds every problem, sorted by place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = in_order(diagnostics)
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))

    def __reduce__(self) -> tuple[type[QuestionError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


class ReportError(QuestionError):
    """The capability report cannot be read or is invalid."""


class PolicyError(QuestionError):
    """The policy cannot be read or is invalid, its parameters do not fit, or it costs too much on this report."""


class HostNameError(QuestionError):
    """The host name or address cannot be one."""


class ExtraMissingError(QuestionError):
    """What was asked for needs a package that an extra brings, and it is not installed."""


class RecordError(QuestionError):
    """A decision record, or the log that holds it, cannot be read, is damaged, or cannot be kept."""


class UnverifiedError(RecordError):
    """A record or a log was looked at, and is not what was written."""


def extra_missing(what: str, package: str, extra: str) -> ExtraMissingError:
    """Return the error for something that cannot be done without the package of an extra."""
    message = f"{what} without the package `{package}`"
    return ExtraMissingError([Diagnostic("EXTRA_MISSING", message, hint=f"install `activenic[{extra}]`")])
