"""Escapes text for output formats in which some characters have a meaning: XML, GitHub's commands, Markdown.

Names in policies, tests and reports can contain any characters. Without escaping, a name could end an attribute, begin
a second command or add a column. This module has one function for each format.
"""

from __future__ import annotations

import re

from evaluator.base.text import visible

_NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"[\\`*{}\[\]#|~$]|_(?![0-9A-Za-z])|(?<![0-9A-Za-z])_")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", "@": "&#64;"})


def xml_text(text: str) -> str:
    r"""Return a text with ``\xNN`` or ``\uNNNN`` for each character that an XML document cannot contain.

    The characters `&`, `<` and quotes are unchanged, because the XML library escapes them.
    """
    return _NOT_IN_XML.sub(lambda match: visible(match.group()), text)


def github_message(text: str) -> str:
    """Escape a text for the message of a workflow command of GitHub: `%` and line breaks."""
    return _printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """Escape a text for a property of a workflow command, such as `title`: `%`, line breaks, `:` and `,`."""
    return github_message(text).replace(":", "%3A").replace(",", "%2C")


def markdown_text(text: str) -> str:
    """Return a text for one line of Markdown or one cell of a table. No character of the result is markup."""
    line = " ".join(re.split("[\r\n]", _printable(text)))
    return _MARKDOWN.sub(r"\\\g<0>", line).translate(_ENTITIES)


def _printable(text: str) -> str:
    r"""Return a text with ``\xNN`` or ``\uNNNN`` for each character that is not printable, except line breaks.

    Backslashes are unchanged, because the backslashes of names in a message are already doubled.
    """
    return re.sub(r"[^\\\r\n]+", lambda match: visible(match.group()), text)
