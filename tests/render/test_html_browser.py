"""The page of a decision in a real browser: nothing is asked for, nothing is complained of, nothing overlaps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import evaluator
from evaluator.render.html.page import page
from evaluator.testing.terse_topology import read_topology
from tests.render.test_html import NASTY
from tests.support.chromium import Browser, started

pytestmark = pytest.mark.system

_TEXTS = """
[...document.querySelectorAll('svg .box')].flatMap(box => {
  const frame = box.querySelector('.frame:not(.behind)').getBBox()
  return [...box.querySelectorAll('text')].map(text => {
    const {x, y, width, height} = text.getBBox()
    return {text: text.textContent, x, y, width, height,
            inside: x >= frame.x && x + width <= frame.x + frame.width && y + height <= frame.y + frame.height}
  })
})
"""
_SMALLEST = "Math.min(...[...document.querySelectorAll('main *')].map(e => parseFloat(getComputedStyle(e).fontSize)))"
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def _many() -> dict[str, Any]:
    ports = ["bond0", *(f"vnet{i}" for i in range(200))]
    bridge = {"addr": "192.0.2.10", "ipv4addrs": ["192.0.2.10/24"], "ports": ports}
    nics: dict[str, Any] = {f"vnet{i}": {} for i in range(246)} | {"ens1": {}, "ens2": {}}
    return {"nics": nics, "bondings": {"bond0": {"slaves": ["ens1", "ens2"]}}, "bridges": {"br0": bridge}}


def _hostile() -> dict[str, Any]:
    names = [*(name for name in NASTY if "\ud800" not in name), "x" * 300, "W" * 26, "م" * 40]
    nics = {name: {"addr": "192.0.2.10", "ipv4addrs": [f"10.0.0.{i}/24"]} for i, name in enumerate(names, 1)}
    return {"nics": nics, "bridges": {"<br>": {"addr": "192.0.2.11", "ports": names[:5]}}}


def _described(text: str) -> dict[str, Any]:
    document = json.loads(json.dumps(read_topology(text)))
    assert isinstance(document, dict)
    return document


HOSTS = {
    "bond": _described("bond0 over ens1, ens2 has 192.0.2.10/24; ens3"),
    "stack": _described(
        "bond0 over ens1, ens2; bond0.7 on bond0; br7 over bond0.7 has 192.0.2.10/24; ens2 has 192.0.2.10/24"
    ),
    "unowned": _described("ens1 has 192.0.2.9/24; ens2 has 2001:db8:1111:2222:3333:4444:5555:6666/64"),
    "many": _many(),
    "hostile": _hostile(),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with started(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, report in HOSTS.items():
        host = evaluator.HostAddresses.of("192.0.2.10", "192.0.2.11")
        decision = evaluator.load_policy("strict").decide(evaluator.read_report(json.dumps(report)), host)
        written[name] = folder / f"{name}.html"
        written[name].write_text(page(decision), encoding="ascii")
    return written


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("name", HOSTS)
def test_a_page(browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str) -> None:
    browser.show(pages[name], width=width, scheme=scheme)
    browser.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    assert browser.evaluate(_OVERFLOW) == 0
    assert browser.evaluate(_SMALLEST) >= 12
    _nothing_overlaps(browser.evaluate(_TEXTS))
    assert browser.requests == [pages[name].as_uri()]
    assert browser.complaints == []


def _nothing_overlaps(texts: list[dict[str, Any]]) -> None:
    assert texts
    for i, one in enumerate(texts):
        assert one["inside"], one
        for other in texts[:i]:
            beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
            apart = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
            assert beside or apart, (one, other)


def test_an_interface_of_the_drawing_leads_to_its_reasons(browser: Browser, pages: dict[str, Path]) -> None:
    browser.show(pages["stack"])
    assert browser.evaluate("document.querySelectorAll('details[open]').length") == 0
    browser.evaluate("location.hash = document.querySelector('svg a.rejected').getAttribute('href')")
    opened = browser.evaluate("document.querySelector('details[open] summary code').textContent")
    assert opened == "br7"


def test_it_prints_with_the_reasons_of_those_that_mattered(browser: Browser, pages: dict[str, Path]) -> None:
    browser.show(pages["stack"], scheme="dark")
    assert browser.pdf().startswith(b"%PDF")
    browser.send("Emulation.setEmulatedMedia", media="print")
    shown = "getComputedStyle(document.querySelector('details.{}'), '::details-content').contentVisibility"
    assert browser.evaluate(shown.format("involved")) == "visible"
    assert browser.evaluate(shown.format("document")) == "hidden"
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
