"""The entry point for reports: recognizes the format, validates the document, and returns a `Report` with facts.

A report is given as text or as a plain value. Both have a fast path and a slow path. All four paths give the same facts
and findings, or the same errors. `reading.py` describes the contract with the readers.

**Fast path of a text.** `is_within_limits` checks the whole text for UTF-8 and nesting depth, because a typed decoder
does not check the members that it skips. Then `read_typed` tries the typed decoder of the likeliest format, then the
decoders of the other formats. A reader accepts a text only if the text cannot be in another format, so the order of the
formats does not change the result. An accepted text is parsed into a plain value only on the first use of
`Report.document`.

**Slow path of a text.** If no reader accepts the text, the text is parsed into a plain value. The text can be JSON,
JSON with interface names that are not UTF-8, or YAML. The format is recognized by the shape of the value. Then the
reader of this format reads the value.

**A plain value, before both paths.** The value is encoded as JSON once. The encoding checks all members of the value,
including the members that no rule reads. `Report.document` is parsed from the JSON text, so later changes of the
caller's value have no effect. If the value cannot be encoded, `plain_copy` raises an error or returns a copy with plain
types. The reader then reads this copy.

**Fast path of a plain value.** The reader converts the value to the types of `wire.py`.

**Slow path of a plain value.** If the types refuse the value, the reader validates the value with the schema,
normalizes it and then converts it (`reading.py`).

The command reads with `read_report_text`, which always parses the text into plain values to refuse duplicate keys.

A new format needs a function in `shapes.py`, a package and an entry in `FORMATS`. A reader is imported on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.files import FileTooLargeError, read_regular, read_regular_or_pipe
from evaluator.base.schema import describe_value
from evaluator.base.text import did_you_mean, quote, quote_all, quote_path, reason_of
from evaluator.report.json_text import (
    LARGEST,
    is_json,
    is_within_limits,
    parse_json,
    parse_json_without_duplicates,
    parse_kernel_json,
    plain_copy,
    to_json_text,
)
from evaluator.report.reading import Format, ItemReader, Report
from evaluator.report.shapes import is_ansible, is_iproute2, is_nmstate, is_vdsm

if TYPE_CHECKING:
    from pathlib import Path


_ANSIBLE = "an object with `ansible_facts` or `ansible_interfaces`, or with `interfaces` and `all_ipv4_addresses`"
_VDSM = "an object with `nics`, directly or in `result` or `info`"
_IPROUTE2 = "an array of objects with `ifname` or `addr_info`, or an object with such an array in `addr`"
_NMSTATE = "an object whose `interfaces` is a list of objects, or a Kubernetes NodeNetworkState"
# Ansible is first, because a play can add facts with any name, also with the names of VDSM's maps
FORMATS: tuple[Format, ...] = (
    Format(
        "ansible",
        _ANSIBLE,
        is_ansible,
        "evaluator.report.ansible.read",
        begins=(b'"ansible_',),
        schema="ansible-facts",
        to_mask="evaluator.audit.mask.report:ansible_to_mask",
        writer="evaluator.explain.restate.ansible:AnsibleWriter",
    ),
    Format(
        "vdsm",
        _VDSM,
        is_vdsm,
        "evaluator.report.vdsm.read",
        schema="capability-report",
        writer="evaluator.explain.restate.vdsm:VdsmWriter",
        is_default=True,
    ),
    Format(
        "iproute2",
        _IPROUTE2,
        is_iproute2,
        "evaluator.report.iproute2.read",
        begins=(b"[", b'"addr"', b'"schema_version"'),
        schema="iproute2-report",
        to_mask="evaluator.audit.mask.report:iproute2_to_mask",
        writer="evaluator.explain.restate.iproute2:Iproute2Writer",
        is_kernel=True,
    ),
    Format(
        "nmstate",
        _NMSTATE,
        is_nmstate,
        "evaluator.report.nmstate.read",
        begins=(b'"interfaces"', b'"dns-resolver"', b'"routes"', b'"hostname"'),
        schema="nmstate-report",
        to_mask="evaluator.audit.mask.report:nmstate_to_mask",
        writer="evaluator.explain.restate.nmstate:NmstateWriter",
        is_yaml=True,
        has_items=True,
    ),
)
_DEFAULT_FORMAT = next(format for format in FORMATS if format.is_default)
_BEGINNINGS = tuple(beginning for format in FORMATS for beginning in format.begins)

_BEGINNING = 40
_TEXT = (bytes, str)  # a tuple, because `bytes | str` would create a union for each call
_TEXT_OR_OBJECT = (*_TEXT, dict)
_CONTAINERS = (dict, list)


def read_report(
    document: bytes | str | Mapping[str, object] | Path, format: str = "auto", item: str | None = None
) -> Report:
    """Return the validated report in JSON text (bytes or str), in a plain value (dict or list), or in a file (Path).

    `format` is the name of a format, or `auto` to recognize the format by the shape of the document. The text of an
    nmstate report may also be YAML, and `item` selects a NodeNetworkState by its name if a List has several. If an
    object has a key twice, the last value counts (the command refuses such an object). Raises ReportError, with every
    problem, if the document is invalid, and no other exception.
    """
    if not isinstance(document, _TEXT_OR_OBJECT):
        from pathlib import Path  # noqa: PLC0415 -- a caller with a Path has imported it already

        document = read_file(document) if isinstance(document, Path) else document
    if not isinstance(document, _TEXT):
        copy = to_json_text(document) if isinstance(document, _CONTAINERS) else None
        if copy is not None:
            return _read_value(document, format, item, partial(parse_json, copy))
        plain = plain_copy(document)
        return _read_value(plain, format, item, partial(_same, plain))
    text = _octets(document) if isinstance(document, str) else document
    report = read_typed(text, format) if item is None and is_within_limits(text) else None
    if report is not None:
        return report
    value, format = _parse_any(document, format, parse_json)
    return _read_value(value, format, item, partial(_same, value), text)


def read_typed(text: bytes, format: str) -> Report | None:
    """Return the report in a text that a typed decoder accepts; None if the text must be read with `read_report`.

    The text must be within the limits (`is_within_limits`). Raises ReportError if two maps have the same interface.
    """
    for candidate in (_likely_format(text), *FORMATS):
        if format in ("auto", candidate.name):
            reading = candidate.read.read_text(text)
            if reading is not None:
                return Report(candidate.name, reading, partial(parse_json, text), text)
    return None


def _likely_format(text: bytes) -> Format:
    """Return the format to try first. The beginning of the text determines this format."""
    begins = text[:_BEGINNING].lstrip(b"{ \t\r\n")
    if not begins.startswith(_BEGINNINGS):
        return _DEFAULT_FORMAT
    return next(candidate for candidate in FORMATS if begins.startswith(candidate.begins))


def _same(value: object) -> object:
    return value


def _octets(text: str) -> bytes:
    try:
        return text.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError:
        message = "the report has a lone surrogate, which is not a character"
        raise ReportError([Diagnostic(ReportCode.NOT_JSON, message)]) from None


def read_report_text(
    text: bytes, format: str = "auto", routes: Sequence[bytes] = (), item: str | None = None
) -> Report:
    """Return the validated report in JSON text or nmstate's YAML text. If an object has a key twice, this is an error.

    `routes` are outputs of `ip -j route` for a report of `ip -j addr`. `format` and `item` have the same meaning as in
    `read_report`.
    """
    value, format = _parse_any(text, format, parse_json_without_duplicates)
    if routes:
        if not isinstance(value, list):
            hint = "remove `--route`"
            message = "`--route` can only be used with a report of `ip -j addr`"
            raise ReportError([Diagnostic(ReportCode.FORMAT_UNKNOWN, message, hint=hint)])
        from evaluator.report.iproute2.route_file import with_route_files  # noqa: PLC0415 -- if needed

        _format_of(value, format).read.read(value)  # its errors have places in its own text, without the routes
        text = with_route_files(text, routes)
        value = _parse(text, parse_json_without_duplicates)
    return _read_value(value, format, item, partial(_same, value), text)


def parse_report_text(text: bytes, format: str) -> object:
    """Return the plain value of a report's text, without facts. Raises ReportError if the text is invalid."""
    return _parse_any(text, format, parse_json)[0]


def _parse_any(text: bytes | str, name: str, parse: Callable[[bytes | str], object]) -> tuple[object, str]:
    """Return the value of a JSON or YAML text and the name of its format.

    For JSON, the name of the format is the given name. For YAML, this is the name of a format that uses YAML.
    """
    try:
        return _parse(text, parse), name
    except ReportError as error:
        yaml_formats = [format for format in FORMATS if format.is_yaml and name in ("auto", format.name)]
        if not yaml_formats or error.diagnostics[0].code != ReportCode.NOT_JSON:
            raise
        from evaluator.report.yaml_text import parse_yaml, yaml_in  # noqa: PLC0415 -- imports yaml only if needed

        yaml_text = "" if is_json(text) else yaml_in(text)
        if not yaml_text:
            raise
    value = parse_yaml(yaml_text, unique=parse is parse_json_without_duplicates)
    return value, next((format.name for format in yaml_formats if format.detect(value)), yaml_formats[0].name)


def _parse(text: bytes | str, parse: Callable[[bytes | str], object]) -> object:
    """Return the value of a JSON text.

    In some formats (`is_kernel`), a name can have octets that are not UTF-8. The text is then not valid JSON.
    """
    try:
        return parse(text)
    except ReportError as error:
        if [diagnostic.code for diagnostic in error.diagnostics] == [ReportCode.NOT_JSON]:
            value = parse_kernel_json(text)
            if any(format.detect(value) for format in FORMATS if format.is_kernel):
                return value
        raise


def refuse_duplicates(report: Report) -> None:
    """Raise ReportError if the text of a report has a key twice, because some parsers use the first value."""
    if report.text is not None:
        _parse_any(report.text, report.format, parse_json_without_duplicates)


def read_file(path: Path) -> bytes:
    """Return the bytes of a file or pipe. Raises ReportError if the file cannot be read or is too large."""
    return _bytes_of(path, "report", read_regular_or_pipe)


def read_regular_file(path: Path, subject: str = "report") -> bytes:
    """Return the bytes of a regular file.

    A pipe is refused: only `read_file` reads from a pipe. The error message uses `subject` as the name of the file.
    Raises ReportError if the file cannot be read, is too large or is not a regular file.
    """
    return _bytes_of(path, subject, read_regular)


def _bytes_of(path: Path, subject: str, read: Callable[[Path, int], bytes]) -> bytes:
    try:
        return read(path, LARGEST)
    except FileTooLargeError as error:
        code, message = ReportCode.TOO_LARGE, f"the {subject} {quote_path(path)} is {reason_of(error)}"
    except OSError as error:
        code, message = ReportCode.UNREADABLE, f"the {subject} {quote_path(path)} cannot be read: {reason_of(error)}"
    raise ReportError([Diagnostic(code, message)])


def _read_value(
    document: object, name: str, item: str | None, load: Callable[[], object], text: bytes | None = None
) -> Report:
    format = _format_of(document, name)
    if item is None:
        return Report(format.name, format.read.read(document), load, text)
    if not format.has_items:
        message = f"an item can only be chosen from a list of NodeNetworkStates; this is a {quote(format.name)} report"
        raise ReportError([Diagnostic(ReportCode.ITEM_UNKNOWN, message, hint="remove `--item`")])
    return Report(format.name, cast("ItemReader", format.read).read(document, item), load, text, item)


def _format_of(document: object, name: str) -> Format:
    if name == "auto":
        for candidate in FORMATS:
            if candidate.detect(document):
                return candidate
        raise ReportError([_not_recognised(plain_copy(document) if isinstance(document, dict | list) else document)])
    by_name = {candidate.name: candidate for candidate in FORMATS}
    if name in by_name:
        return by_name[name]
    hint = did_you_mean(str(name), by_name) or f"known formats: auto, {', '.join(by_name)}"
    raise ReportError([Diagnostic(ReportCode.FORMAT_UNKNOWN, f"unknown report format {quote(str(name))}", hint=hint)])


def _not_recognised(document: object) -> Diagnostic:
    shape = describe_value(document)
    if isinstance(document, dict):
        keys = quote_all(sorted(document)[:5])
        shape = f"an object with {keys}" if document else "an empty object"
    if isinstance(document, list) and any(isinstance(entry, dict) and "dst" in entry for entry in document):
        hint = "give the output of `ip -j -d addr show` as the report; give routes with `--route FILE`"
        return Diagnostic(ReportCode.NOT_RECOGNISED, "the document lists routes, not interfaces", hint=hint)
    shapes = "; ".join(f"{candidate.name}: {candidate.looks_for}" for candidate in FORMATS)
    return Diagnostic(
        ReportCode.NOT_RECOGNISED,
        f"unknown report format: the document is {shape}",
        hint=f"expected one of {shapes}",
    )
