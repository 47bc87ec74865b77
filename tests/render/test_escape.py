"""No text can leave its place in XML, in a workflow command of GitHub, or in a line of Markdown."""

from __future__ import annotations

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evaluator.base.diagnostic import Severity
from evaluator.render.escape import github_message, github_property, markdown_text, xml_text
from evaluator.render.github import annotation, split_place
from evaluator.render.junit import Fault, JunitCase, JunitSuite, junit_document

TEXTS = st.text(st.characters(codec=None)) | st.lists(
    st.sampled_from(
        ["%", "\r", "\n", ":", ",", "::", "%0A", "|", "`", "_", "<b>", "&amp;", "\\", "\x00", "\ud800", "a"]
    )
).map("".join)
PRINTABLE = st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126))


@given(TEXTS)
def test_xml_keeps_its_structure(text: str) -> None:
    case = JunitCase(text, text, Fault("failure", text, text, text), text)
    root = ElementTree.fromstring(junit_document(text, [JunitSuite(text, (case, JunitCase("b", "c")))]).encode())
    (suite,) = root
    first, second = suite
    assert root.attrib == {"name": xml_text(text), "tests": "2", "failures": "1", "errors": "0"}
    assert first.attrib == {"name": xml_text(text), "classname": xml_text(text)}
    assert [child.tag for child in first] == ["failure", "system-out"][: 1 + bool(text)]
    assert (first[0].text or "") == xml_text(text)
    assert second.attrib == {"name": "b", "classname": "c"}


@given(TEXTS, TEXTS, TEXTS)
def test_a_workflow_command_is_one_line(path: str, title: str, message: str) -> None:
    line = annotation(Severity.ERROR, message, f"{path}:3:5", title)
    assert len(line.splitlines()) == 1
    assert "\r" not in line
    head, _, body = line.removeprefix("::error ").partition("::")
    expected = {"file", "line", "col", "title"} if path and title else {"file", "line", "col"} if path else None
    if expected is not None:
        assert {part.partition("=")[0] for part in head.split(",")} == expected
        assert body == github_message(message)


@given(PRINTABLE)
def test_a_printable_text_is_read_back_from_a_command(text: str) -> None:
    assert unquote(github_message(text)) == unquote(github_property(text)) == text
    assert not set(":,") & set(github_property(text))


@given(PRINTABLE.filter(lambda text: text == " ".join(text.split(" ")) and text.strip() == text))
def test_markdown_shows_the_text_itself(text: str) -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).render(
        f"| a | b |\n| --- | --- |\n| x{markdown_text(text)}x | y |\n"
    )
    cells = re.findall(r"<td>(.*?)</td>", html)
    assert len(cells) == 2
    assert not re.search(r"<(?!/?td)", cells[0])
    assert ElementTree.fromstring(f"<td>{cells[0]}</td>").text == f"x{text}x"


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("a.yaml:3:5", ("a.yaml", "3", "5")),
        ("a:b.yaml:3:5", ("a:b.yaml", "3", "5")),
        ("/nics/a", ("", "", "")),
        ("", ("", "", "")),
        ("a.yaml:3", ("", "", "")),
        ("a.yaml:3:x", ("", "", "")),
    ],
)
def test_only_a_place_in_a_file_is_split(place: str, parts: tuple[str, str, str]) -> None:
    assert split_place(place) == parts


def test_a_problem_without_a_place_in_a_file_names_its_place() -> None:
    assert annotation(Severity.WARNING, "a, b: 5 %", "/nics/a") == "::warning::/nics/a: a, b: 5 %25"
    assert annotation(Severity.INFO, "x") == "::notice::x"
    assert annotation(Severity.ERROR, "m\r\nn", "a,b.yaml:1:2", "t: u") == (
        "::error file=a%2Cb.yaml,line=1,col=2,title=t%3A u::m%0D%0An"
    )
