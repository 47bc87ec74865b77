"""The page of a decision: nothing foreign becomes markup, one decision gives one page, large hosts are folded."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

import evaluator
from evaluator.base.diagnostic import Severity
from evaluator.base.text import visible
from evaluator.cli.main import main
from evaluator.decision.decision import Decision, Explanation, Interface
from evaluator.decision.trace import Change, Edit, EditKind, Search
from evaluator.facts.address import parse_address
from evaluator.policy.language.program import Program
from evaluator.render import output
from evaluator.render.html.page import page
from evaluator.testing.terse_topology import read_topology
from tests.support.strategies import host_addresses, reports
from tests.support.untyped import untyped

pytestmark = pytest.mark.volume
ROOT = Path(__file__).parents[2]
BOND = str(ROOT / "policies" / "examples" / "bond.json")
VOID = {"meta", "br"}
FITTING = {"textlength", "lengthadjust"}
NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    "]]>",
    "-->",
    "</style>",
    "</title></svg>",
    "&lt;b&gt;&amp",
    "&#0;",
    "\u202e\u2066rtl",
    "\x00\x07\x1b[31m",
    "\u2028\n\r\t",
    "e" + "\u0301" * 25,
    "\ufdfd\U0001f468\u200d\U0001f469",
    "\\x3cb\\x3e",
    "javascript:alert(1)",
    "http://example.org/x",
    "  two  blanks ",
    "日本語",
]
# lone surrogates are refused in every input
nasty_texts = st.one_of(
    st.sampled_from(NASTY), st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)
)


class Reader(HTMLParser):
    """Reads a page strictly: every element is closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.shape: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = tuple(name for name, _ in attrs if name not in FITTING)
        assert len(set(names)) == len(names)
        self.shape.append((tag, names))
        self.attributes.extend((tag, name, value or "") for name, value in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


def read(text: str) -> Reader:
    """Read a page, and assert what holds of every page."""
    assert text.isascii()
    reader = Reader(text)
    tags = {tag for tag, _ in reader.shape}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "base", "foreignobject", "use"}
    assert sum(tag == "style" for tag, _ in reader.shape) == 1
    ids = [value for _, name, value in reader.attributes if name == "id"]
    assert len(set(ids)) == len(ids)
    for tag, name, value in reader.attributes:
        assert not name.startswith("on")
        assert name not in ("style", "src", "srcset", "action", "data", "xlink:href")
        if name == "href":
            assert value.startswith("#"), (tag, value)
            assert value[1:] in ids
        if name in ("aria-labelledby", "aria-describedby"):
            assert value in ids
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert all(char.isprintable() or char == "\n" or category(char) == "Zs" for part in reader.text for char in part)
    return reader


@dataclass(frozen=True, slots=True)
class Kept:
    """Gives an explanation that was made before."""

    explanation: Explanation

    def reasons(self, decision: Decision, most: int | None) -> Explanation:
        return self.explanation

    def explain(self, decision: Decision, most: int | None) -> Explanation:
        return self.explanation


@dataclass(frozen=True)
class Made:
    """What a decision was made from, with other parts than it had."""

    case: object
    host: evaluator.HostAddresses
    program: Program
    told: Mapping[str, Any]

    @classmethod
    def of(cls, decision: Decision, **changes: Any) -> Decision:
        told = {name: getattr(decision, name) for name in ("parameters", "interface", "trace", "findings")}
        told["explainer"] = changes.pop("explainer", None) or decision._basis.explainer()
        program = replace(decision._basis.program, name=changes.pop("policy", decision.policy))
        host = changes.pop("host", decision.host)
        candidates, owners = (changes.pop(name, getattr(decision, name)) for name in ("candidates", "owners"))
        made = cls(decision.case, host, program, {**told, **changes})
        return Decision(decision.status, candidates, owners, decision.refusals, made)

    def parameters(self) -> Mapping[str, object]:
        return untyped(self.told["parameters"])

    def interface(self) -> Interface | None:
        return untyped(self.told["interface"])

    def trace(self) -> Any:
        return self.told["trace"]

    def findings(self) -> Any:
        return self.told["findings"]

    def explainer(self) -> Any:
        return self.told["explainer"]


def decided(report: Mapping[str, Any] | str, *addresses: str) -> Decision:
    document = read_topology(report) if isinstance(report, str) else report
    return evaluator.load_policy("strict").decide(
        evaluator.read_report(json.dumps(document)), evaluator.HostAddresses.of(*addresses)
    )


def explained(decision: Decision, change: Callable[[Explanation], Explanation]) -> Decision:
    return Made.of(decision, explainer=Kept(change(decision.explain())))


def without_changes(decision: Decision) -> Decision:
    """Spare the search for changes, which takes the longest and has tests of its own."""
    return Made.of(decision, explainer=Kept(decision.reasons()))


def poisoned(value: Any, suffix: str) -> Any:
    """Return a value with something appended to every text in it but the verbs, which are always known ones."""
    if isinstance(value, Severity | EditKind | Search) or not isinstance(value, str | tuple | list | Mapping | Struct):
        return value
    if isinstance(value, str):
        return value + suffix
    if isinstance(value, Mapping):
        return {poisoned(key, suffix): poisoned(item, suffix) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(poisoned(item, suffix) for item in value)
    texts = (key for key in value.__struct_fields__ if key not in ("verb", "decision"))
    return replace(value, **{key: poisoned(getattr(value, key), suffix) for key in texts})


@cache
def _telling() -> tuple[Decision, Explanation]:
    decision = decided(
        "br0 over a, b has 192.0.2.10/24; c has 192.0.2.11/24, 10.0.0.1/8; d on c has 192.0.2.11/24; "
        "a has 192.0.2.10/32; e on missing_; missing missing_; f has 203.0.113.7/24",
        "192.0.2.10",
        "192.0.2.11",
        "203.0.113.9",
        "127.0.0.1",
    )
    return decision, decision.explain()


def edit(sentence: str) -> Edit:
    return Edit(EditKind.ANSWERS, None, "before", "after", sentence)


def poisoned_decision(suffix: str) -> Decision:
    """Return a decision with everything in it that a page can show, and a text appended everywhere."""
    decision, explanation = _telling()
    telling = tuple(
        replace(interface, near_misses=("nearly",), change=Change((edit("it were so"), edit("it were otherwise"))))
        for interface in explanation.interfaces
    )
    bad = poisoned(replace(explanation, interfaces=telling), suffix)
    query = {"server": "s", "transport": "udp", "name": "n", "type": "A", "milliseconds": 3, "rcode": "NOERROR"}
    query |= {"error": "e", "used": True, "ede": [{"code": 3, "text": "t"}]}
    resolution = {"asked": "n", "ascii": "x", "source": "dns", "valid_until": "v", "queries": [query]}
    resolution["families"] = [{"type": "A", "outcome": "answered", "addresses": ["192.0.2.10"]}]
    kept = {key: poisoned(item, suffix) for key, item in resolution.items() if isinstance(item, str)}
    kept["queries"] = [{key: poisoned(item, suffix) for key, item in query.items()}]
    kept["families"] = [{key: poisoned(item, suffix) for key, item in untyped(resolution["families"])[0].items()}]
    return Made.of(
        decision,
        candidates=poisoned(decision.candidates, suffix),
        owners=poisoned(decision.owners, suffix),
        policy=f"p{suffix}",
        parameters=poisoned({"text": "t", "list": ["x", 1], "none": None}, suffix),
        host=replace(decision.host, asked=f"h{suffix}", resolution=kept),
        findings=poisoned(decision.findings, suffix),
        trace=poisoned(decision.trace, suffix),
        explainer=Kept(bad),
    )


@given(nasty_texts)
def test_foreign_text_is_text_wherever_it_stands(suffix: str) -> None:
    nasty = read(page(poisoned_decision(suffix), output.RecordInfo({f"id{suffix}": suffix})))
    assert nasty.shape == _plain_shape()


@cache
def _plain_shape() -> list[tuple[str, tuple[str, ...]]]:
    return read(page(poisoned_decision("x"), output.RecordInfo({"idx": "x"}))).shape


def test_every_place_of_foreign_text_is_tried() -> None:
    text = "".join(read(page(poisoned_decision("<QQ>"), output.RecordInfo({"id": "v"}))).text)
    for place in ("matched", "nic.addresses", "it were otherwise", "nearly", "strict:19:11", "NOERROR"):
        assert f"{place}<QQ>" in text
    for place in (
        "/nics/a",
        "missing_",
        "203.0.113.7",
        "physical",
        "SEVERAL_INTERFACES",
        "owns-host-address",
        "h",
        "p",
        "t",
    ):
        assert f"{place}<QQ>" in text


@pytest.mark.parametrize("name", [name for name in NASTY if "\ud800" not in name])
def test_a_nasty_interface_is_shown_visibly(name: str) -> None:
    report = {"nics": {name: {"addr": "192.0.2.10", "ipv4addrs": ["192.0.2.10/24"]}, "ens1": {}}}
    text = "".join(read(page(decided(report, "192.0.2.10"))).text)
    assert visible(name)[:2] in text


BLANKS = (
    "\u00a0\u1680\u2000\u2007\u2009\u200a\u202f\u205f\u3000"  # other spaces
    "\u200b\u2060\ufeff\u00ad\u180e"  # formats
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180f\u2800\u3164\ufe0f\uffa0\U000e0100\U000e01ef"  # drawn as nothing
)


@pytest.mark.parametrize("blank", BLANKS)
def test_names_that_look_alike_are_told_apart(blank: str) -> None:
    owned = {"addr": "192.0.2.10", "ipv4addrs": ["192.0.2.10/24"]}
    report = {"nics": dict.fromkeys((f"eth{blank}0", "eth 0", "eth0"), owned)}
    text = "".join(read(page(decided(report, "192.0.2.10"))).text)
    shown = visible(f"eth{blank}0")
    assert (shown.isascii(), shown in text, blank in text) == (True, True, False)


@given(reports(), host_addresses)
def test_every_interface_of_a_small_host_is_there(report: dict[str, Any], addresses: list[str]) -> None:
    decision, again = (without_changes(decided(report, *addresses)) for _ in range(2))
    text = page(decision)
    reader = read(text)
    assert text == page(again)
    drawn = text[text.index("<svg") : text.index("</svg>")] if "<svg" in text else ""
    for interface in decision.explain().interfaces:
        assert f">{visible(interface.name)}<".encode("ascii", "xmlcharrefreplace").decode() in drawn
        assert interface.outcome in "".join(reader.text)


def test_the_same_bytes_in_another_process() -> None:
    command = [sys.executable, "-m", "evaluator", "decide", BOND, "--address", "192.0.2.10", "--output", "html"]
    pages = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "ascii"}
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        pages.add(done.stdout)
    assert len(pages) == 1
    assert pages.pop().startswith(b"<!DOCTYPE html>\n")


def test_the_command_prints_it_and_exits_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    bridge = str(ROOT / "policies" / "examples" / "bridge.json")
    assert main(["decide", bridge, "--address", "192.0.2.10", "--output", "html"]) == 3
    out, err = capsys.readouterr()
    assert err == ""
    assert out.endswith("</html>\n")
    assert "MANAGEMENT_NETWORK_OVER_BRIDGE" in out


def test_facts_of_a_record_stand_in_the_head() -> None:
    text = page(
        decided("ens1 has 192.0.2.10/24", "192.0.2.10"), output.RecordInfo({"decision": "id-7", "time": "2026-01-01"})
    )
    assert "<dt>decision</dt><dd>id-7</dd>" in text
    assert text.index("id-7") < text.index("<svg")


def test_what_and_why_come_first() -> None:
    text = "".join(read(page(decided("br0 over ens1 has 192.0.2.10/24; ens2", "192.0.2.10"))).text)
    assert text.index("rejected") < text.index("br0, because it is a bridge over ens1, and ") < text.index("The host")


def test_near_misses_and_the_change_are_shown() -> None:
    decision = decided("ens1 has 192.0.2.10/24; ens2 has 192.0.2.9/24", "192.0.2.10")
    change = Change((edit("the host had only the address 192.0.2.9"), edit("ens1 were not there")))

    def tell(explanation: Explanation) -> Explanation:
        first, second = explanation.interfaces
        return replace(explanation, interfaces=(first, replace(second, near_misses=("it is near",), change=change)))

    text = "".join(read(page(explained(decision, tell))).text)
    assert "it is near" in text
    assert (
        "If the host had only the address 192.0.2.9, and if ens1 were not there, it would be the hostActiveNic." in text
    )
    assert "near miss" in text


def _drawn(text: str) -> list[str]:
    svg = text[text.index("<svg") : text.index("</svg>")]
    return re.findall(r'class="name">([^<]*)<', svg)


def test_a_large_host_is_folded() -> None:
    nics: dict[str, Any] = {f"vnet{i}": {} for i in range(246)} | {"ens1": {}, "ens2": {}, "ens9": {}}
    ports = ["bond0", *(f"vnet{i}" for i in range(200))]
    report = {
        "nics": nics,
        "bondings": {"bond0": {"slaves": ["ens1", "ens2"]}},
        "bridges": {"br0": {"addr": "192.0.2.10", "ipv4addrs": ["192.0.2.10/24"], "ports": ports}},
    }
    text = page(decided(report, "192.0.2.10"))
    read(text)
    drawn = _drawn(text)
    assert {"br0", "bond0", "ens1", "ens2", "192.0.2.10"} <= set(drawn)
    assert "ens9" not in drawn
    assert len(drawn) < 12
    assert "198 more" in drawn
    assert "and 245 more interfaces, not involved in the decision" in text
    assert all(f">{name}</code>" in text for name in nics)


def test_left_out_candidates_are_counted_as_such() -> None:
    many = {f"ens{i}": {"addr": "192.0.2.10", "ipv4addrs": ["192.0.2.10/24"]} for i in range(40)}
    text = page(without_changes(decided({"nics": many}, "192.0.2.10")))
    assert "24 more" in _drawn(text)
    assert "and 24 more interfaces, 24 of them involved in the decision" in text


@pytest.mark.parametrize("count", [1, 2, 7, 60])
def test_circles_end(count: int) -> None:
    ring = {f"b{i}": {"addr": "192.0.2.10", "ipv4addrs": ["192.0.2.10/24"], "ports": [f"b{(i + 1) % count}"]}
            for i in range(count)}  # fmt: skip
    text = page(without_changes(decided({"nics": {}, "bridges": ring}, "192.0.2.10")))
    read(text)
    assert ("is on top of itself" in text) == (count == 1)
    assert ("part of a cycle" in text) == (count in (2, 7))


def test_five_thousand_interfaces() -> None:
    ports = [f"vnet{i}" for i in range(4998)]
    bridge = {"addr": "192.0.2.10", "ipv4addrs": ["192.0.2.10/24"], "ports": ports}
    report = {"nics": {port: {} for port in [*ports, "ens1"]}, "bridges": {"br0": bridge}}
    text = page(decided(report, "192.0.2.10"))
    read(text)
    assert len(text) < 4_000_000
    assert "and 4,996 more interfaces" in text


def test_a_resolution_of_any_shape_is_shown() -> None:
    decision = decided("ens1 has 192.0.2.10/24", "192.0.2.10")
    for resolution in (
        {},
        {"queries": 7, "families": [1, {"type": None}]},
        {"asked": ["x"], "queries": [{"ede": "x"}]},
    ):
        host = evaluator.HostAddresses(answers=(parse_address("192.0.2.10"),), asked="node7", resolution=resolution)
        read(page(Made.of(decision, host=host)))


def test_an_empty_host() -> None:
    assert "Neither interfaces nor addresses are known." in page(decided({"nics": {}}))


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_can_be_told_apart() -> None:
    style = (ROOT / "evaluator" / "render" / "page.css").read_text()
    palettes = re.findall(r":root \{([^}]*--[^}]*)\}", style)
    assert len(palettes) == 2
    for palette in palettes:
        colour = dict(re.findall(r"--([\w-]+): (#\w{6})", palette))
        pairs = [(tone, f"{tone}-bg") for tone in ("good", "bad", "unsure", "notice", "quiet")]
        pairs += [(ink, ground) for ink in ("ink", "faint", "notice") for ground in ("paper", "sheet")]
        pairs += [("ink", "quiet-bg"), ("faint", "quiet-bg"), ("ink", "notice-bg")]
        for ink, ground in pairs:
            dark, light = sorted((_luminance(colour[ink]), _luminance(colour[ground])))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


def test_it_is_imported_only_where_it_is_shown() -> None:
    code = (
        "import evaluator, evaluator.cli.main, sys; print([m for m in sys.modules if m.startswith('evaluator.render')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
