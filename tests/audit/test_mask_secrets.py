"""Secrets of many classes, in every place of every document that a record holds: a masked record has none of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

import evaluator
from evaluator import HostAddresses
from evaluator.audit.mask.mask import mask
from evaluator.audit.mask.policy import LabelMask
from evaluator.audit.mask.pseudonyms import Pseudonyms
from evaluator.audit.mask.schema import MASKS, Walker, part_of
from evaluator.audit.record import Record, digest
from evaluator.base.diagnostic import RecordError, ReportError, Severity
from evaluator.base.finding import Finding
from evaluator.base.schema import is_valid, read_schema
from evaluator.base.source import Source
from evaluator.engine import Policy
from evaluator.facts.address import in_order, parse_address
from evaluator.policy.load import read_program
from evaluator.report.read import FORMATS, read_report_text
from evaluator.report.reading import Format
from tests.audit.test_record import record_of, through_json
from tests.support.captured import questions
from tests.support.secrets_in import SECRETS, document_of, exported, found_in, identifier, places_in

pytestmark = pytest.mark.volume
KEY = b"a key of a test!"
MARK = "zzmarkzz"
LARGEST = 6000
MAPS = ("nics", "vlans", "bondings", "bridges", "networks")
MASKED_SCHEMAS = [*(one.schema for one in FORMATS), "decision", "decision-record", "decision-record.1", "policy"]
OWN = """# {comment}
policy: {name}
description: {text}
parameters:  # {comment}
  {identifier}: {{type: string, default: {text}, description: {text}}}
rules:
  - name: {name}-1
    rule: match nic when nic.addresses overlaps host.addresses  # {comment}
  - name: {name}-2
    rule: discard nic when nic.name in ['{literal}', {identifier}] or 'x' in nic.networks
  - name: {name}-3
    rule: warn nic when some {identifier}_a in nic.addresses satisfies {identifier}_a is ipv4 or {identifier} = 'x'
    code: {code}
    message: {message}
    hint: {text}
  - name: {name}-4
    rule: warn when {identifier} != "y"
"""


def own_policy(secret: str) -> Policy:
    """A policy that says the secret wherever its author can say something."""
    text = OWN.format(
        comment=secret,
        name=identifier(secret).replace("_", "-"),
        text=json.dumps(secret, ensure_ascii=False),
        message=json.dumps(f"{secret} {{nic.name}} {secret} {{{identifier(secret)}}}", ensure_ascii=False),
        identifier=identifier(secret),
        literal=secret.replace("'", ""),
        code=identifier(secret).upper(),
    )
    return Policy(read_program(Source("own", text)))


def host_of(secret: str, address: str) -> HostAddresses:
    """A host that was asked by a name that says the secret, and about which something is to be said."""
    remark = Finding(
        "HOSTS_ENTRY_MALFORMED", Severity.WARNING, f"`{secret}`: {secret}", (secret,), (secret,), secret, secret
    )
    addresses = (parse_address(address),)
    return HostAddresses(in_order(addresses), asked=f"{secret}.example.org", first=addresses[0], remarks=(remark,))


def capture(format: str) -> tuple[Any, str]:
    """A real report of a format as plain JSON, the largest of moderate size, and an address to ask it by."""
    name = "ip-addr.json" if format == "iproute2" else f"{format}.json"
    texts = {
        (one.host / name).read_text(): one.asked["addresses"][0] for one in questions(format) if one.asked["addresses"]
    }
    text = max((text for text in texts if len(text) < LARGEST), key=len)
    document: Any = json.loads(text)
    if format == "iproute2":
        route = {"dst": "10.20.0.0/16", "dev": "eth0", "gateway": "10.20.30.1", "prefsrc": "10.20.30.40", "flags": []}
        document = {"addr": document, "route": [route]}
    return document, texts[text]


def tampered(document: Any, path: tuple[Any, ...], secret: str) -> Any:
    """The document with the secret in one place."""
    found = deepcopy(document)
    place = found
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = secret
    return found


def reads(document: Any, format: str) -> bool:
    try:
        read_report_text(json.dumps(document).encode(), format)
    except ReportError:
        return False
    return True


@cache
def fullest(format: str) -> tuple[str, str, int]:
    """A report's text with a mark in as many places as its reader bears, each tried in turn; an address; how many."""
    document, address = capture(format)
    count = 0
    for number, path in enumerate(places_in(document)):
        for text in (MARK, f"{MARK}{number}"):
            changed = tampered(document, path, text)
            if address not in _at(document, path) and reads(changed, format):
                document, count = changed, count + 1
                break
    keys = {key: f"{MARK}.{number}" for number, key in enumerate(_names_in(document, format))}
    full = _with_unknown(_renamed(document, keys))
    assert reads(full, format)
    return json.dumps(full), address, count


def filled(format: str, secret: str) -> tuple[bytes, str]:
    """A report that says the secret in nearly every text, and an address of its host."""
    text, address, _ = fullest(format)
    return text.replace(MARK, json.dumps(secret)[1:-1]).encode(), address


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        document = document[part]
    return document


def _names_in(document: Any, format: str) -> list[str]:
    maps = MAPS if format == "vdsm" else ()
    return [key for name in maps for key in document.get("result", document).get(name, {})]


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    return [_renamed(item, names) for item in value] if isinstance(value, list) else value


def _with_unknown(value: Any) -> Any:
    """The same with members that nobody knows in every object, what the host calls itself among them."""
    if isinstance(value, dict):
        extra = {f"x {MARK}": MARK, f"y {MARK}": {MARK: [MARK, {"a": MARK}]}, "z": 7.25}
        names = dict.fromkeys(("hostname", "ansible_fqdn", "ansible_nodename", "nodeName"), MARK)
        return {**{key: item if key in MAPS else _with_unknown(item) for key, item in value.items()}, **extra, **names}
    return [_with_unknown(item) for item in value] if isinstance(value, list) else value


def masked_with(decision: evaluator.Decision, secret: str) -> Record:
    """The masked record of a decision, whose envelope says the secret too."""
    record = record_of(decision)
    record.envelope["labels"].update({secret: "x", "ticket": secret, f"k {secret}": f"about {secret}"})
    record.envelope["decision_id"] = secret
    assert found_in(exported(record), {"it": secret})
    return through_json(mask(record, KEY))


@pytest.mark.parametrize("format", ["vdsm", "iproute2", "nmstate", "ansible"])
@pytest.mark.parametrize("policy", ["strict", "own"])
def test_no_secret_leaves_with_a_record(format: str, policy: str) -> None:
    is_replayed = 0
    for name, secret in SECRETS.items():
        body, address = filled(format, secret)
        report, host = read_report_text(body, format), host_of(secret, address)
        given = {identifier(secret): secret} if policy == "own" else {"management_network": secret}
        chosen = own_policy(secret) if policy == "own" else evaluator.load_policy(policy)
        masked = masked_with(chosen.decide(report, host, **given), secret)
        assert found_in(exported(masked), {name: secret}) == []
        is_replayed += masked.envelope.get("replayable", True)
    assert is_replayed > len(SECRETS) * 0.8
    assert len(SECRETS) >= 25
    assert fullest(format)[2] > 20


def test_no_secret_leaves_with_what_is_read_no_more() -> None:
    for name, secret in SECRETS.items():
        body, address = filled("vdsm", secret)
        whole = record_of(own_policy(secret).decide(read_report_text(body, "vdsm"), host_of(secret, address)))
        for report, policy in ((None, whole.policy), (whole.report, None), (secret.encode(), secret.encode())):
            envelope = deepcopy(whole.envelope)
            for part, now in (("report", report), ("policy", policy)):
                envelope["input"][part]["sha256"] = digest(now) if now else envelope["input"][part]["sha256"]
            envelope["input"]["policy"]["texts"][0]["sha256"] = envelope["input"]["policy"]["sha256"]
            masked = through_json(mask(Record(envelope, report, (policy,)), KEY))
            assert found_in(exported(masked), {name: secret}) == []
            assert masked.envelope["replayable"] is False


def test_no_secret_leaves_in_any_member_of_an_envelope() -> None:
    """Each text of a record in turn, what no activenic would write there among it."""
    decision = own_policy("x y").decide(
        evaluator.read_report(capture("vdsm")[0]), evaluator.resolve_host("localhost"), x_x_y="z"
    )
    record = record_of(decision)
    record.envelope.update(erased=["/input/report/*"], masked=["/labels"], not_replayable=["so"])
    record.envelope["input"]["host"]["remarks"] = [host_of("x", "192.0.2.1").remarks[0].to_dict()]
    paths = [path for path in places_in(record.envelope) if path[-1] != "sha256"]
    assert len(paths) > 60
    masked_ones = 0
    for path in paths:
        for name in ("IPv4", "part of an IPv4", "ticket", "base64-encoded"):
            envelope = tampered(record.envelope, path, SECRETS[name])
            if not is_valid(envelope, "decision-record"):
                continue
            try:
                masked = mask(Record(envelope, record.report, record.texts), KEY)
            except RecordError:
                continue
            assert found_in(exported(masked), {name: SECRETS[name]}) == [], path
            masked_ones += 1
    assert masked_ones > 60


@pytest.mark.parametrize("schema", MASKED_SCHEMAS)
def test_no_secret_passes_the_walker_in_any_member_of_a_schema(schema: str) -> None:
    document: Any = read_schema(schema)
    pseudonyms = Pseudonyms(KEY)
    for name, secret in SECRETS.items():
        made = document_of(document, document.get("$defs", {}), secret)
        assert secret in json.dumps(made, ensure_ascii=False)
        masked = Walker(pseudonyms, LabelMask(pseudonyms)).document(made, part_of(schema))
        assert found_in(json.dumps(masked), {name: secret}) == []


@pytest.mark.parametrize("schema", MASKED_SCHEMAS)
def test_each_member_of_a_schema_says_how_it_is_masked(schema: str) -> None:
    document: Any = read_schema(schema)
    assert list(_not_annotated(document, ())) == []


def _not_annotated(schema: Any, path: tuple[str, ...], *, is_covered: bool = False) -> Iterator[str]:
    """Yield where a schema describes a value, or the names of a map, and does not say how they are masked."""
    if not isinstance(schema, dict):
        return
    mask_of = schema.get("x-mask")
    assert mask_of in (None, *MASKS), path
    is_covered = is_covered or mask_of is not None
    types = schema.get("type", [])
    types = set(types if isinstance(types, list) else [types])
    is_value = bool(types & {"string", "integer", "number", "boolean"}) or {"enum", "const"} & schema.keys()
    has_parts = {"properties", "additionalProperties", "items", "$ref", "anyOf", "if", "$defs"} & schema.keys()
    is_open = types == {"object"} or (not types and "description" in schema and path[-1:] not in (("then",), ("else",)))
    if not is_covered and (is_value or (is_open and not has_parts)):
        yield "/".join(path)
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict) and not is_covered and "x-mask" not in schema.get("propertyNames", {}):
        yield "/".join((*path, "propertyNames"))
    for keyword in ("properties", "$defs"):
        for name, one in schema.get(keyword, {}).items():
            yield from _not_annotated(one, (*path, name), is_covered=is_covered)
    for keyword in ("items", "additionalProperties", "then", "else"):
        yield from _not_annotated(schema.get(keyword), (*path, keyword), is_covered=is_covered)
    for one in schema.get("anyOf", ()):
        yield from _not_annotated(one, (*path, "anyOf"), is_covered=is_covered)


def test_this_version_may_be_told() -> None:
    engine = part_of("decision-record").members["engine"].members
    assert evaluator.__version__ in engine["version"].words


def test_a_node_network_state_leaves_without_the_objects_around_it() -> None:
    state, address = capture("nmstate")
    node = SECRETS["host name"]
    objects = [
        {
            "kind": "NodeNetworkState",
            "metadata": {"name": name, "labels": {node: node}},
            "status": {"currentState": body},
        }
        for name, body in ((node, state), ("other", {"interfaces": []}))
    ]
    document = {"apiVersion": "v1", "kind": "List", "items": objects}
    report = read_report_text(json.dumps(document).encode(), item=node)
    decision = evaluator.load_policy("strict").decide(report, HostAddresses.of(address))
    masked = through_json(mask(record_of(decision), KEY))
    assert masked.envelope.get("not_replayable") is None
    assert masked.envelope["result"]["status"] == decision.status
    assert found_in(exported(masked)) == []


def test_a_new_format_is_masked_by_its_schema_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    known = next(one for one in FORMATS if one.name == "vdsm")
    news = Format("netplan", "", lambda _: False, known.reader)
    decision = evaluator.load_policy("strict").decide(
        evaluator.read_report(capture("vdsm")[0]), HostAddresses.of("::2")
    )
    for one, is_kept in ((news, False), (replace(news, schema=known.schema), True)):
        monkeypatch.setattr("evaluator.report.read.FORMATS", (*FORMATS, one))
        monkeypatch.setattr("evaluator.audit.mask.report.FORMATS", (*FORMATS, one))
        record = record_of(decision)
        record.envelope["input"]["report"]["format"] = "netplan"
        masked = mask(record, KEY)
        assert (masked.report is not None) is is_kept
        assert masked.envelope.get("replayable", True) is is_kept


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        *((number, number) for number in (0, -1, 1500, 16_777_215, True, False, None)),
        *((number, None) for number in (16_777_216, 169_090_600, -169_090_600, 1.5, 1e300, 2**70)),
        *((text, text) for text in ("1500", "[772]", "-1", "up", "2026-11-22T12:00:00.000001Z", "")),
        *((text, "masked") for text in ("169090600", "up 10.20", "1.5", "10 20 x", "UP", "eth0", "0x0A141E28", "１２")),
    ],
)
def test_what_stays_of_a_plain_value(value: object, masked: object) -> None:
    part = replace(part_of("nmstate-report").members["interfaces"], items=None, mask="plain", words=frozenset({"up"}))
    pseudonyms = Pseudonyms(KEY)
    assert Walker(pseudonyms, LabelMask(pseudonyms)).document(value, part) == masked
