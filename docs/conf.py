"""The settings of the site: Sphinx reads the Markdown pages of the repository and writes `.site/` (`make docs`).

The source folder is the root of the repository, so a relative link has one target in the site and in a viewer of the
repository. A link to a file that is not a page, such as a schema, becomes a copy of the file in the site.

The navigation has no table of its own. `docs/index.md` lists the pages of each section, and this file makes a hidden
table of contents from each list. Sphinx reports a page that no list names, and `make docs` treats this as an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

from evaluator.base.version import __version__

project = "activenic"
release = __version__
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["docs/*.md", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
html_theme = "furo"
html_title = f"activenic {release}"
html_copy_source = False
html_show_copyright = False
html_extra_path = ["site"]  # index.html at the root of the site, which leads to the start page
myst_heading_anchors = 4

_SECTION = re.compile(r"^## (?P<title>.+)\n(?P<text>(?:(?!## ).*\n)*)", re.MULTILINE)
_ITEM = re.compile(r"^- \[(?P<title>[^\]]+)\]\((?P<page>[^)#]+)\.md\)", re.MULTILINE)


def tables_of_contents(text: str) -> Iterator[str]:
    """Yield a hidden table of contents for each section of a text that has a list of links to pages."""
    for section in _SECTION.finditer(text):
        pages = [f"{item['title']} <{item['page']}>" for item in _ITEM.finditer(section["text"])]
        if pages:
            yield "\n".join(("```{toctree}", ":hidden:", f":caption: {section['title']}", "", *pages, "```"))


def _add_navigation(_: Sphinx, page: str, source: list[str]) -> None:
    if page == root_doc:
        source[0] = "\n\n".join((source[0], *tables_of_contents(source[0])))


def setup(app: Sphinx) -> None:
    """Add the navigation to the start page when Sphinx reads it; show the grammar, which Pygments does not know."""
    app.add_lexer("lark", TextLexer)
    app.connect("source-read", _add_navigation)
