"""The door for reports: recognise the format by its shape, validate, hand on facts.

A new tool's format is its shape in `shapes.py`, one module and one entry in `FORMATS`. A reader is
imported when the first document needs it.
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
    is_sound,
    parse_json,
    parse_json_without_duplicates,
    parse_kernel_json,
    plain_copy,
    written,
)
from evaluator.report.reading import Format, ItemReader, Reading, Report
from evaluator.report.shapes import is_ansible, is_iproute2, is_nmstate, is_vdsm

if TYPE_CHECKING:
    from pathlib import Path


_ANSIBLE = "an object with `ansible_facts` or `ansible_interfaces`, or with `interfaces` and `all_ipv4_addresses`"
_VDSM = "an object with `nics`, bare or under `result` or `info`"
_IPROUTE2 = "an array of objects with `ifname` or `addr_info`, or an object with `addr` that holds one"
_NMSTATE = "an object with `interfaces`, a list of objects, or a Kubernetes NodeNetworkState"
# Ansible's stands first: what plays add to a host's facts may bear any name, those of VDSM's maps among them
FORMATS: tuple[Format, ...] = (
    Format(
        "ansible",
        _ANSIBLE,
        is_ansible,
        "evaluator.report.ansible.read",
        begins=(b'"ansible_',),
        schema="ansible-facts",
        to_mask="evaluator.audit.mask.report:of_ansible",
        writer="evaluator.explain.restate.ansible:AnsibleWriter",
    ),
    Format(
        "vdsm",
        _VDSM,
        is_vdsm,
        "evaluator.report.vdsm.read",
        schema="capability-report",
        writer="evaluator.explain.restate.vdsm:VdsmWriter",
        is_usual=True,
    ),
    Format(
        "iproute2",
        _IPROUTE2,
        is_iproute2,
        "evaluator.report.iproute2.read",
        begins=(b"[", b'"addr"', b'"schema_version"'),
        schema="iproute2-report",
        to_mask="evaluator.audit.mask.report:of_iproute2",
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
        to_mask="evaluator.audit.mask.report:of_nmstate",
        writer="evaluator.explain.restate.nmstate:NmstateWriter",
        is_yaml=True,
        has_items=True,
    ),
)
_USUAL = next(one for one in FORMATS if one.is_usual)

_BEGINNING = 40
_TEXT = (bytes, str)  # a union in `isinstance` is made anew each time
_TEXT_OR_OBJECT = (*_TEXT, dict)


def read_report(
    document: bytes | str | Mapping[str, object] | Path, format: str = "auto", item: str | None = None
) -> Report:
    """Read a capability report: JSON text as bytes or str, a JSON object as a dict, or a Path to a file.

    An nmstate report may be YAML text as well; `item` names one of several NodeNetworkStates in a List. In process the
    last of several equal keys of a text wins; the command refuses them. Raises ReportError with every problem found,
    and nothing else, for whatever the document holds.
    """
    if not isinstance(document, _TEXT_OR_OBJECT):
        from pathlib import Path  # noqa: PLC0415 -- who hands one over has imported it

        document = read_file(document) if isinstance(document, Path) else document
    if not isinstance(document, _TEXT):
        copy = written(document) if isinstance(document, dict | list) else None
        if copy is not None:
            return _read_value(document, format, item, partial(parse_json, copy))
        plain = plain_copy(document)
        return _read_value(plain, format, item, partial(_same, plain))
    text = _octets(document) if isinstance(document, str) else document
    known = _read_usual_text(text, format) if item is None else None
    if known is not None:
        return Report(known[0].name, known[1], partial(parse_json, text), text)
    value, format = _parse_any(document, format, parse_json)
    return _read_value(value, format, item, partial(_same, value), text)


def _read_usual_text(text: bytes, format: str) -> tuple[Format, Reading] | None:
    """Return what a text is that is written as a tool writes it; any other is read by way of plain values."""
    if not is_sound(text):
        return None
    probable = _probable(text)
    for candidate in (probable, *FORMATS):
        if format in ("auto", candidate.name):
            reading = candidate.read.read_text(text)
            if reading is not None:
                return candidate, reading
    return None


def _probable(text: bytes) -> Format:
    """Return the format that is tried first: none takes what could be of another."""
    begins = text[:_BEGINNING].lstrip(b"{ \t\r\n")
    for candidate in FORMATS:
        if begins.startswith(candidate.begins):
            return candidate
    return _USUAL


def _same(value: object) -> object:
    return value


def _octets(text: str) -> bytes:
    try:
        return text.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError:
        raise ReportError([Diagnostic(ReportCode.NOT_JSON, "the report holds half of a character")]) from None


def read_report_text(
    text: bytes, format: str = "auto", routes: Sequence[bytes] = (), item: str | None = None
) -> Report:
    """Read a capability report from JSON text, or nmstate's YAML, in which no object may have a key twice.

    `routes` are outputs of `ip -j route` that belong to a report of `ip -j addr`. `item` is as of `read_report`.
    """
    value, format = _parse_any(text, format, parse_json_without_duplicates)
    if routes:
        if not isinstance(value, list):
            hint = "leave `--route` out"
            message = "routes go with a report of `ip -j addr` only"
            raise ReportError([Diagnostic(ReportCode.FORMAT_UNKNOWN, message, hint=hint)])
        from evaluator.report.iproute2.route_file import with_route_files  # noqa: PLC0415 -- if needed

        _format_of(value, format).read.read(value)  # what is wrong with it has its place in its own text
        text = with_route_files(text, routes)
        value = _parse(text, parse_json_without_duplicates)
    return _read_value(value, format, item, partial(_same, value), text)


def parse_report_text(text: bytes, format: str) -> object:
    """Return the value of a report's text without reading facts from it; ReportError if the text is invalid."""
    return _parse_any(text, format, parse_json)[0]


def _parse_any(text: bytes | str, name: str, parse: Callable[[bytes | str], object]) -> tuple[object, str]:
    """Return the value of a text and its format, which YAML tells: not every tool prints it."""
    try:
        return _parse(text, parse), name
    except ReportError as error:
        of_yaml = [one for one in FORMATS if one.is_yaml and name in ("auto", one.name)]
        if not of_yaml or error.diagnostics[0].code != ReportCode.NOT_JSON:
            raise
        from evaluator.report.yaml_text import parse_yaml, yaml_in  # noqa: PLC0415 -- yaml, where it is needed

        shown = "" if is_json(text) else yaml_in(text)
        if not shown:
            raise
    value = parse_yaml(shown, unique=parse is parse_json_without_duplicates)
    return value, next((one.name for one in of_yaml if one.detect(value)), of_yaml[0].name)


def _parse(text: bytes | str, parse: Callable[[bytes | str], object]) -> object:
    """Return the value of a text; the kernel's names may be no UTF-8, and the text is then no JSON."""
    try:
        return parse(text)
    except ReportError as error:
        if [diagnostic.code for diagnostic in error.diagnostics] == [ReportCode.NOT_JSON]:
            value = parse_kernel_json(text)
            if any(one.detect(value) for one in FORMATS if one.is_kernel):
                return value
        raise


def refuse_duplicates(report: Report) -> None:
    """Raise ReportError where the report's text has a key twice, so that another reader could read the other one."""
    if report.text is not None:
        _parse_any(report.text, report.format, parse_json_without_duplicates)


def read_file(path: Path) -> bytes:
    """Return the bytes of a file or a pipe; ReportError if it cannot be read or is too large to be a report."""
    return _bytes_of(path, "report", read_regular_or_pipe)


def read_regular_file(path: Path, subject: str = "report") -> bytes:
    """Return the bytes of a regular file, as `read_file` does: only the report itself may come from a pipe.

    `subject` is what the message calls it.
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
        message = f"only a list of NodeNetworkStates has items, and this is a {quote(format.name)} report"
        raise ReportError([Diagnostic(ReportCode.ITEM_UNKNOWN, message, hint="leave `--item` out")])
    return Report(format.name, cast("ItemReader", format.read).read(document, item), load, text, item)


def _format_of(document: object, name: str) -> Format:
    if name == "auto":
        for candidate in FORMATS:
            if candidate.detect(document):
                return candidate
        raise ReportError([_not_recognised(plain_copy(document) if isinstance(document, dict | list) else document)])
    known = {candidate.name: candidate for candidate in FORMATS}
    if name in known:
        return known[name]
    hint = did_you_mean(str(name), known) or f"known formats: auto, {', '.join(known)}"
    raise ReportError(
        [Diagnostic(ReportCode.FORMAT_UNKNOWN, f"there is no report format {quote(str(name))}", hint=hint)]
    )


def _not_recognised(document: object) -> Diagnostic:
    found = describe_value(document)
    if isinstance(document, dict):
        keys = quote_all(sorted(document)[:5])
        found = f"an object with {keys}" if document else "an empty object"
    if isinstance(document, list) and any(isinstance(entry, dict) and "dst" in entry for entry in document):
        hint = "give the output of `ip -j -d addr show`, and that of `ip -j route` with `--route`"
        return Diagnostic(ReportCode.NOT_RECOGNISED, "the document lists destinations, not interfaces", hint=hint)
    looked_for = "; ".join(f"{candidate.name}: {candidate.looks_for}" for candidate in FORMATS)
    return Diagnostic(
        ReportCode.NOT_RECOGNISED,
        f"the document is {found}, no report format that is known",
        hint=f"looked for {looked_for}",
    )
