"""The frame of every page: its head, its style sheet and its Content-Security-Policy.

A page is self-contained. It loads no resources and runs no scripts, and its Content-Security-Policy forbids both.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources

from evaluator.render.drawing.markup import Html, element


def html_document(title: str, content: Html, style: str) -> str:
    """Return a page. `style` is CSS text of this project and is not escaped."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    security_policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=security_policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(style)),
    )
    page = element("html", head, element("body", content), lang="en")
    return f"<!DOCTYPE html>\n{page.source}\n"


@cache
def style_sheet(package: str = "evaluator.render", file: str = "page.css") -> str:
    """Return the text of a style sheet in a package; by default the common sheet of all pages."""
    return (resources.files(package) / file).read_text(encoding="ascii")
