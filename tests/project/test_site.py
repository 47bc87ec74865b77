"""The site of the docs: it is built without warnings, its links have targets, and it loads nothing from a network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.chromium import NAMES, Browser, find_chromium

ROOT = Path(__file__).parents[2]
# the attributes that make a browser load something; of `link` only a style sheet, an icon or a preload
LOADING = {"src", "srcset", "poster", "data", "background", "action"}
LOADED_LINKS = {"stylesheet", "icon", "shortcut", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload"}
IN_STYLE = re.compile(r"""(?:@import\s+(?:url\()?|url\()\s*["']?([^"')\s]+)""")


class Page(HTMLParser):
    """The anchors of a page, the targets of its links, and the addresses that a browser loads for it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = IN_STYLE.findall(text)
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        self.loaded += [values[name] for name in LOADING & values.keys()]
        if tag == "link" and LOADED_LINKS & set(values.get("rel", "").split()):
            self.loaded.append(values.get("href", ""))
        elif tag in ("a", "area", "link") and "href" in values:
            self.links.append(values["href"])


def build(folder: Path, source: Path = ROOT, settings: Path = ROOT / "docs") -> subprocess.CompletedProcess[str]:
    options = ["-W", "--keep-going", "-q", "-b", "html", "-c", str(settings), "-d", str(folder / ".doctrees")]
    command = [sys.executable, "-m", "sphinx", *options, str(source), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def broken_links(site: Path) -> Iterator[str]:
    """Yield the links of a site, each after its page, that lead to no file or to no anchor of a page."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    for path, page in pages.items():
        for link in (*page.links, *page.loaded):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            is_page = target in pages and parts.fragment
            if not target.exists() or (is_page and unquote(parts.fragment) not in pages[target].anchors):
                yield f"{path.relative_to(site)}: {link}"


def network_loads(site: Path) -> Iterator[str]:
    """Yield what a page or a style sheet of a site would load from another place than the site."""
    for path in (*site.rglob("*.html"), *site.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        for loaded in Page(text).loaded if path.suffix == ".html" else IN_STYLE.findall(text):
            parts = urlsplit(loaded)
            if parts.netloc or parts.scheme not in ("", "data"):
                yield f"{path.relative_to(site)}: {loaded}"


@pytest.mark.volume
def test_the_site(tmp_path: Path) -> None:
    built = build(tmp_path)
    assert (built.returncode, built.stderr) == (0, "")
    assert list(broken_links(tmp_path)) == []
    assert list(network_loads(tmp_path)) == []
    start = Page((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert start.links == ["docs/index.html"]
    written = {path.relative_to(tmp_path).with_suffix(".md") for path in tmp_path.rglob("*.html")}
    assert {path.relative_to(ROOT) for path in (ROOT / "docs").glob("*.md")} <= written


def test_the_readme_lists_every_page() -> None:
    links = set(re.findall(r"\]\((docs/[a-z0-9.-]+\.md)\)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert links == {str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")}


def test_a_link_and_a_load_that_must_not_be(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<link rel="stylesheet" href="https://x.example/a.css"><link rel="icon" href="//x.example/i.png">'
        '<link rel="canonical" href="https://x.example/"><a id="here" href="b.html#there">b</a>'
        '<a href="b.html#no">b</a>'
        '<a href="#here">a</a><a href="#nowhere">a</a><a href="c.html">c</a><a href="https://x.example/">x</a>'
        '<img src="data:image/png;base64,AA"><script src="http://x.example/a.js"></script>'
        '<style>@import "//y.example"</style>'
    )
    (tmp_path / "b.html").write_text('<p id="there"></p>')
    (tmp_path / "c.css").write_text("p { background: url(b.html); } @font-face { src: url('https://x.example/f'); }")
    assert sorted(broken_links(tmp_path)) == ["a.html: #nowhere", "a.html: b.html#no", "a.html: c.html"]
    assert sorted(network_loads(tmp_path)) == [
        "a.html: //x.example/i.png",
        "a.html: //y.example",
        "a.html: http://x.example/a.js",
        "a.html: https://x.example/a.css",
        "c.css: https://x.example/f",
    ]


@pytest.mark.parametrize(
    ("page", "text", "warning"),
    [
        ("docs/index.md", "# Start\n\n## Guides\n\n- [a](a.md)\n", "document isn't included in any toctree"),
        ("docs/a.md", "# A\n\n[b](gone.md)\n", "gone.md"),
        ("docs/a.md", "# A\n\n[b](b.md#gone)\n", "gone"),
    ],
)
def test_a_mistake_in_a_page_stops_the_build(tmp_path: Path, page: str, text: str, warning: str) -> None:
    """Also a page that the start page does not list."""
    pages = {
        "docs/index.md": "# Start\n\n## Guides\n\n- [a](a.md)\n- [b](b.md)\n",
        "docs/a.md": "# A\n",
        "docs/b.md": "# B\n",
    }
    for name, content in {**pages, page: text}.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    built = build(tmp_path / "site", tmp_path / "source")
    assert built.returncode == 1
    assert warning in built.stderr


@pytest.mark.system
def test_a_browser_loads_nothing_from_a_network(tmp_path: Path) -> None:
    """Also what the scripts of a page load."""
    assert build(tmp_path / "site").returncode == 0
    program = find_chromium()
    if program is None:
        pytest.fail(f"none of {', '.join(NAMES)} is installed: install the package `{NAMES[0]}`")
    with Browser(program, tmp_path / "profile") as browser:
        for name in ("docs/index.html", "docs/command.html", "search.html"):
            browser.show(tmp_path / "site" / name)
        requests = [event for event in browser.events if event["method"] == "Network.requestWillBeSent"]
    assert len(requests) > 3
    assert {urlsplit(event["params"]["request"]["url"]).scheme for event in requests} <= {"file", "data"}
