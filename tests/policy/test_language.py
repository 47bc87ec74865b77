"""What the policy language tells people about their mistakes: the chunks of `tests/language/`, and its limits.

A chunk is a policy file. `### COLUMNS CODE MESSAGE | HINT` is a diagnostic of the line above it, and is removed before
the policy is read (`### @LINE COLUMNS CODE MESSAGE | HINT`: of that line). COLUMNS is the column of the caret, or the
first and the last of several: `11-17`. A chunk lists all its diagnostics.
A line `=== NAME` begins another file, in the folder of the policy. `### @strict.yaml LINE COLUMNS CODE MESSAGE | HINT`
is a diagnostic of a shipped policy.
"""

from __future__ import annotations

import re
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark

from evaluator.base.diagnostic import Diagnostic, PolicyError, Severity
from evaluator.base.source import Source
from evaluator.base.text import flat
from evaluator.policy.load import read_program
from evaluator.policy.source.find import LARGEST_POLICY, find_policy, shipped_names, shipped_text

LANGUAGE = Path(__file__).parents[1] / "language"
EXPECTATION = re.compile(
    r"### (?:@(?:(?P<file>[a-z-]+\.yaml) )?(?P<line>\d+) )?(?P<columns>\d+(?:-\d+)?) (?P<code>[A-Z0-9_]+) (?P<text>.+)"
)
POLICY = "policy.yaml"


class Expected(NamedTuple):
    file: str
    line: int
    columns: str
    code: str
    text: str


def chunks():
    for path in sorted(LANGUAGE.glob("*.txt")):
        start = 1
        for chunk in re.split(r"^---\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            yield pytest.param(chunk, id=f"{path.name}:{start}")
            start += chunk.count("\n") + 1


CHUNKS = tuple(chunks())


def split(chunk):
    file, files, expected = POLICY, {POLICY: []}, []
    for line in chunk.splitlines():
        if line.startswith("=== "):
            file = line.removeprefix("=== ")
            files[file] = []
        elif not line.startswith("###"):
            files[file].append(line)
        else:
            found = EXPECTATION.fullmatch(line)
            assert found, f"no expectation: {line}"
            line_number = int(found["line"] or len(files[file]))
            expected.append(Expected(found["file"] or file, line_number, *found.group("columns", "code", "text")))
    return {name: "\n".join(lines) + "\n" for name, lines in files.items()}, sorted(expected)


def told(text, folder=None):
    try:
        return read_program(Source(POLICY, text, None if folder is None else str(folder / POLICY))).warnings
    except PolicyError as error:
        return error.diagnostics


def told_of(files, folder):
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return told(files[POLICY], folder)


def place(diagnostic: Diagnostic):
    name, line, column = diagnostic.place.rsplit(":", 2)
    assert name == POLICY
    return int(line), int(column)


def place_in_chunk(diagnostic: Diagnostic, folder):
    name, line, column = diagnostic.place.rsplit(":", 2)
    return name.removeprefix(f"{folder}/"), int(line), int(column)


def as_expected(diagnostic: Diagnostic, folder):
    file, line, column = place_in_chunk(diagnostic, folder)
    caret = diagnostic.excerpt.split("\n")[1].strip()
    columns = str(column) if len(caret) == 1 else f"{column}-{column + len(caret) - 1}"
    text = diagnostic.message + (f" | {diagnostic.hint}" if diagnostic.hint else "")
    return Expected(file, line, columns, diagnostic.code, text.replace(f"{folder}/", ""))


def rules(*sentences):
    head = "policy: p\nrules:\n"
    return head + "".join(f"  - name: r{at}\n    rule: {sentence}\n" for at, sentence in enumerate(sentences))


def codes(text):
    return [diagnostic.code for diagnostic in told(text)]


@pytest.mark.parametrize("chunk", CHUNKS)
def test_chunk(chunk, tmp_path):
    files, expected = split(chunk)
    assert sorted(as_expected(diagnostic, tmp_path) for diagnostic in told_of(files, tmp_path)) == expected


@pytest.mark.parametrize("chunk", CHUNKS)
def test_chunk_is_told_in_order_and_with_the_caret_in_its_place(chunk, tmp_path):
    files, _ = split(chunk)
    found = told_of(files, tmp_path)
    places = [place_in_chunk(d, tmp_path) for d in found]

    assert [key for key, _ in groupby(file for file, *_ in places)] == list(dict.fromkeys(file for file, *_ in places))
    assert places == sorted(places, key=lambda at: ([file for file, *_ in places].index(at[0]), *at[1:]))
    for diagnostic, (file, line, column) in zip(found, places, strict=True):
        source_line, caret = diagnostic.excerpt.split("\n")
        assert re.fullmatch(r" *\^~*", caret)
        text = files[file] if file in files else shipped_text(file.removesuffix(".yaml")).decode()
        raw = text.split("\n")[line - 1]
        at = caret.index("^")
        assert source_line[at : at + 1] == flat(raw.replace("\t", " "))[column - 1 : column]
        assert len(caret) <= max(len(source_line), at + 1)


POLICY_LINES = find_policy("strict").text.split("\n")
SLIPS = ["\t", " ", "  ", "\u00a0", "\u200b", "-", "–", ":", "：", "#", "'", '"', "“", "{", "[", "*", "&", "!", "|", ""]


@given(
    at=st.integers(0, len(POLICY_LINES) - 1),
    column=st.integers(0, 20),
    slip=st.sampled_from(SLIPS),
    cut=st.integers(0, 3),
)
def test_a_slip_anywhere_is_refused_or_read_and_never_a_crash(at, column, slip, cut):
    line = POLICY_LINES[at]
    slipped = [*POLICY_LINES[:at], line[:column] + slip + line[column + cut :], *POLICY_LINES[at + 1 :]]
    for problem in told("\n".join(slipped)):
        number, _ = place(problem)
        assert 1 <= number <= len(slipped) + 1
        assert "<block" not in problem.message or "invalid YAML" in problem.message


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_policies_are_told_nothing(name):
    assert read_program(find_policy(name)).warnings == ()


def test_an_error_shows_warnings_too():
    found = told(rules("match nic when nic.name is known", "reject nic when nic is brige"))
    assert [(d.code, d.severity) for d in found] == [
        ("ALWAYS_KNOWN", Severity.WARNING),
        ("UNKNOWN_STATE", Severity.ERROR),
    ]


def test_the_excerpt_of_a_long_line_is_cut_around_the_mistake():
    (found,) = told(rules("match nic when " + "nic is up and " * 60 + "nic is brige" + " and nic is up" * 20))
    line, caret = found.excerpt.split("\n")
    assert len(line) <= 100
    assert line[caret.index("^") : len(caret)] == "brige"


def test_a_control_character_in_a_word_cannot_reach_a_terminal():
    (found,) = told(rules('match nic when nic.name = "a\u202eb" and nic is brige'))
    assert "\u202e" not in str(found)
    line, caret = found.excerpt.split("\n")
    assert line[caret.index("^") : len(caret)] == "brige"


def test_a_sentence_of_two_thousand_characters_is_the_longest():
    start = "match nic when nic.name = "
    longest = f"'{start}\"{'s' * (2000 - len(start) - 2)}\"'"
    assert codes(rules(longest)) == []
    assert codes(rules(longest.replace('s"', 'ss"'))) == ["RULE_TOO_LONG"]


def test_a_sentence_far_too_long_is_told_at_its_beginning():
    (found,) = told(rules("match nic when " + "nic is up and " * 10_000 + "nic is up"))
    assert found.code == "RULE_TOO_LONG"
    assert place(found) == (4, 11)


def test_three_quantifiers_may_stand_inside_each_other():
    three = "some a in owners satisfies every b in owners satisfies no c in owners satisfies "
    assert codes(rules(f"match nic when {three}a above b and b above c")) == []
    (found,) = told(rules(f"match nic when {three}some d in owners satisfies a above b and c above d"))
    assert found.code == "RULE_TOO_DEEP"
    assert "split the rule" in found.hint


def test_quantifiers_side_by_side_are_no_nesting():
    side_by_side = " and ".join(f"(some a{at} in owners satisfies a{at} is up)" for at in range(10))
    assert codes(rules(f"match nic when {side_by_side}")) == []


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        pytest.param("match nic when " + "(" * 500 + "nic is up" + ")" * 500, [], id="parentheses"),
        pytest.param("match nic when " + " or ".join(["nic is up"] * 141), [], id="or"),
        pytest.param("match nic when " + " and ".join(["true"] * 200), ["NOTHING"], id="and"),
        pytest.param("match nic when " + " or ".join(["true"] * 200), ["NOTHING"], id="or of constants"),
        pytest.param("match nic when " + "not " * 400 + "nic is up", ["RULE_TOO_DEEP"], id="not"),
        pytest.param("match nic when nic.name in " + "[" * 500 + '"a"' + "]" * 500, ["RULE_TOO_DEEP"], id="lists"),
        pytest.param("match nic when " + "count(" * 200 + "owners" + ")" * 200 + " = 1", ["RULE_TOO_DEEP"], id="calls"),
        pytest.param("match nic when " + "(" * 500 + "nic is up", ["RULE_SYNTAX"], id="open parentheses"),
        pytest.param("match nic when nic" + ".stack" * 300, ["LIST_HAS_NO_FIELD"], id="dots"),
    ],
)
def test_depth_never_reaches_the_recursion_limit(sentence, wanted):
    assert codes(rules(sentence)) == [code for code in wanted if code != "NOTHING"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_yaml_never_reaches_the_recursion_limit(opening):
    assert set(codes("policy: p\nrules:\n  " + opening * 5000)) <= {"YAML_TOO_DEEP", "YAML_SYNTAX"}


def test_the_grammar_has_no_conflicts():
    grammar = (resources.files("evaluator.policy.syntax") / "grammar.lark").read_text(encoding="utf-8")
    strict = Lark(grammar, start="rule", parser="lalr", lexer="basic", strict=True)
    assert strict.parse("match nic when nic is up").data == "rule"


def refusal(name):
    with pytest.raises(PolicyError) as error:
        find_policy(name)
    (found,) = error.value.diagnostics
    return found


def test_a_policy_file_is_read(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xef\xbb\xbfpolicy: mine\r\nrules:\r\n  - name: a\r\n    rule: match nic when nic is up\r\n")
    assert read_program(find_policy(path)).name == "mine"
    assert read_program(find_policy(str(path))).warnings == ()


def test_a_policy_file_of_the_largest_size_is_read_and_one_octet_more_is_not(tmp_path):
    path = tmp_path / "large.yaml"
    text = rules("match nic when nic is up").encode()
    path.write_bytes(text + b"#" * (LARGEST_POLICY - len(text)))
    assert read_program(find_policy(path)).warnings == ()
    path.write_bytes(path.read_bytes() + b"#")
    assert refusal(path).code == "POLICY_TOO_LARGE"


def test_a_policy_file_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes("policy: größe\n".encode("latin-1"))
    found = refusal(path)
    assert found.code == "POLICY_UNREADABLE"
    assert "not UTF-8 at byte 10" in found.message


def test_a_policy_file_that_is_missing_is_refused(tmp_path):
    found = refusal(tmp_path / "missing.yaml")
    assert found.code == "POLICY_UNREADABLE"
    assert "no such file" in found.message


def test_a_directory_is_no_policy(tmp_path):
    found = refusal(tmp_path)
    assert found.code == "POLICY_UNREADABLE"
    assert "is a directory" in found.message


def test_a_path_with_a_nul_is_refused():
    assert refusal("./policy\0.yaml").code == "POLICY_UNREADABLE"


def test_an_unknown_name_of_a_shipped_policy_is_corrected():
    found = refusal("strikt")
    assert found.code == "POLICY_NOT_FOUND"
    assert found.hint == "did you mean `strict`?"


def test_a_name_near_nothing_lists_the_shipped_policies():
    found = refusal("frobnicate")
    assert found.code == "POLICY_NOT_FOUND"
    assert all(name in found.hint for name in shipped_names())
