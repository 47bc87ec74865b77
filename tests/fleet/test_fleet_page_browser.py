"""The page of a fleet in a real browser: nothing is asked for, bars lead to their hosts, every state has its mark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluator.fleet.summary_page import summary_page
from evaluator.render.fleet_page.page import page
from tests.fleet.test_fleet_page import MINE, many, odd_questions
from tests.support.chromium import Browser, started
from tests.support.fleet import run

pytestmark = pytest.mark.system
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SMALLEST = """
Math.min(...[...document.querySelectorAll('main *')].filter(e => e.textContent).map(e => {
  const scale = e.closest('svg.chart') ? e.closest('svg').getBoundingClientRect().width / 336 : 1
  return parseFloat(getComputedStyle(e).fontSize) * scale
}))
"""
_OUTSIDE = """
[...document.querySelectorAll('svg.chart text')].filter(text => {
  const box = text.getBoundingClientRect(), frame = text.closest('svg').getBoundingClientRect()
  return box.left < frame.left - 1 || box.right > frame.right + 1
}).map(text => text.textContent)
"""
_OVERLAPPING = """
[...document.querySelectorAll('svg.chart .bar')].filter(bar => {
  const [name, note] = [...bar.querySelectorAll('text')].map(text => text.getBoundingClientRect())
  return name.right > note.left
}).map(bar => bar.textContent)
"""
_BROKEN_WORDS = """
[...document.querySelectorAll('.keys b')].filter(word => word.getBoundingClientRect().height > 30)
  .map(word => word.textContent)
"""
_FILLS = """
Object.fromEntries([...document.querySelectorAll('.keys li')].map(key =>
  [key.querySelector('b').textContent, getComputedStyle(key.querySelector('.part')).fill]))
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with started(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    questions, result, mine = folder / "q.jsonl", folder / "result.parquet", folder / "mine.yaml"
    questions.write_text("\n".join(odd_questions(300)))
    mine.write_text(MINE)
    run("decide", questions, "--findings", "--out", result)
    run("summary", result, "--output", "html", "--pages", folder / "odd", "--inputs", questions, "--most-pages", "3")
    (folder / "diff.html").write_text(run("diff", "strict", mine, questions, "--output", "html"))
    large = page(summary_page(many(folder / "large.parquet", 100_000), {}))
    (folder / "large.html").write_text(large)
    return {"odd": folder / "odd" / "index.html", "diff": folder / "diff.html", "large": folder / "large.html"}


@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (1200, "dark")])
@pytest.mark.parametrize("name", ["odd", "diff", "large"])
def test_a_page(browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str) -> None:
    browser.show(pages[name], width=width, scheme=scheme)
    if name != "large":
        browser.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    assert browser.evaluate(_OVERFLOW) == 0
    assert browser.evaluate(_SMALLEST) >= 12
    assert browser.evaluate(_OUTSIDE) == []
    assert browser.evaluate(_OVERLAPPING) == []
    assert browser.evaluate(_BROKEN_WORDS) == []
    fills = browser.evaluate(_FILLS)
    assert len(set(fills.values())) == len(fills) >= 2
    assert browser.requests == [pages[name].as_uri()]
    assert browser.complaints == []


def test_a_bar_leads_to_its_hosts_and_a_host_to_its_page(browser: Browser, pages: dict[str, Path]) -> None:
    browser.show(pages["odd"])
    assert browser.evaluate("document.querySelectorAll('details[open]').length") == 0
    name = browser.evaluate("document.querySelectorAll('svg a.bar')[1].querySelector('.label').textContent")
    browser.evaluate("location.hash = document.querySelectorAll('svg a.bar')[1].getAttribute('href')")
    assert browser.evaluate("document.querySelector('details[open] summary code').textContent") == name
    top = browser.evaluate("document.querySelector('details[open] summary').getBoundingClientRect().top")
    assert 0 <= top <= 60
    link = browser.evaluate("document.querySelector('table.hosts a').href")
    assert Path(link.removeprefix("file://")).is_file()


def test_a_bar_has_the_keyboard_focus(browser: Browser, pages: dict[str, Path]) -> None:
    browser.show(pages["odd"])
    browser.evaluate("document.querySelector('svg a.bar').focus()")
    assert browser.evaluate("document.activeElement.getAttribute('href')") == "#hosts-0-0"
