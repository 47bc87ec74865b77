"""Defines diagnostics (a problem of invalid input: code, message, place, hint), and the errors that contain them.

If the input is valid, the result of a decision is a status and never an error. An error means that the report, the
policy, the host name or a record is invalid. Each error contains every problem that was found.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from importlib.util import find_spec

from msgspec import Struct

from evaluator.base.fix import Fix, Location
from evaluator.base.text import visible


class Severity(StrEnum):
    """The severity of a diagnostic or a finding. Diagnostics and findings are sorted in this order."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """The sort key: 0 for an error, 1 for a warning, 2 for an information."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class ReportCode(StrEnum):
    """The codes of diagnostics about reports."""

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
    """The codes of diagnostics about host names, the options of a lookup, and logged resolutions."""

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
    """The codes of diagnostics about records and logs, including the results of a verification."""

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
    """One problem or warning: a stable code, a message, its place, and a hint.

    For a problem in a text, `place` is `file:line:column`, and `location` has the same place as offsets. `excerpt` is
    the line of the text with a caret below the mistake. `fixes` are edits of the text, the most likely fix first. For a
    problem in a JSON document, `place` is a JSON Pointer, and `location` is None. Problems are sorted by `order`, which
    is the offset of the mistake in the text.
    """

    code: str
    message: str
    place: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    excerpt: str = ""
    order: int = 0
    location: Location | None = None
    fixes: tuple[Fix, ...] = ()

    def __str__(self) -> str:
        head = f"{visible(self.place)}: " if self.place else ""
        lines = [f"{head}{self.severity}: {self.message} [{self.code}]"]
        lines.extend("  " + line for line in self.excerpt.splitlines())
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, str]:
        """Return the problem as JSON values, without its excerpt."""
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
    """Invalid input: the base of all errors of this package. `diagnostics` has every problem, sorted by place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = in_order(diagnostics)
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))

    def __reduce__(self) -> tuple[type[QuestionError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


class ReportError(QuestionError):
    """The capability report cannot be read or is invalid."""


class PolicyError(QuestionError):
    """The policy or a parameter is invalid, the policy cannot be read, or the policy could exceed the step budget."""


class HostNameError(QuestionError):
    """The host name, an address, or an option of the lookup is invalid."""


class ExtraMissingError(QuestionError):
    """The call needs a package that is not installed. An extra of activenic installs the package."""


class RecordError(QuestionError):
    """A record or a log cannot be read or written, or is damaged."""


class UnverifiedError(RecordError):
    """The verification found that a record or a log was altered or is damaged."""


def require_package(problem: str, package: str, extra: str) -> None:
    """Raise the error of `extra_missing` if a package is not installed. The package is not imported."""
    if find_spec(package) is None:
        raise extra_missing(problem, package, extra)


def extra_missing(problem: str, package: str, extra: str) -> ExtraMissingError:
    """Return the error for a missing package.

    For example, `problem` is "changes cannot be watched", and the message is "changes cannot be watched without the
    package `watchfiles`".
    """
    message = f"{problem} without the package `{package}`"
    return ExtraMissingError([Diagnostic("EXTRA_MISSING", message, hint=f"install `activenic[{extra}]`")])
