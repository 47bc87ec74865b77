"""Options of taste: the option wins over the variable, the variable over the default."""

from __future__ import annotations

import argparse
import io
import json
import os
from pathlib import Path

import pytest

from evaluator.base.diagnostic import QuestionError
from evaluator.cli.exits import exit_of_error
from evaluator.cli.main import main
from evaluator.cli.preferences import COLOUR, PROGRESS, STRICT, Choice, Switch, output_choice

OUTPUT = output_choice(("text", "json"))


def options_of(preference: Switch | Choice, *arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    preference.add_to(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize(
    ("preference", "variable", "arguments", "value"),
    [
        (STRICT, None, [], False),
        (STRICT, "", [], False),
        (STRICT, "1", [], True),
        (STRICT, "TRUE", [], True),
        (STRICT, "off", [], False),
        (STRICT, "1", ["--no-strict"], False),
        (STRICT, "0", ["--strict"], True),
        (PROGRESS, None, [], True),
        (PROGRESS, "no", [], False),
        (COLOUR, None, [], "auto"),
        (COLOUR, "never", [], "never"),
        (COLOUR, "never", ["--colour", "always"], "always"),
        (OUTPUT, None, [], "text"),
        (OUTPUT, "json", [], "json"),
        (OUTPUT, "json", ["--output", "text"], "text"),
        (OUTPUT, "sarif", [], "text"),
    ],
)
def test_a_preference_has_its_value(
    preference: Switch | Choice,
    variable: str | None,
    arguments: list[str],
    value: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"ACTIVENIC_{preference.name.upper()}"
    monkeypatch.delenv(name, raising=False)
    if variable is not None:
        monkeypatch.setenv(name, variable)
    assert preference.of(options_of(preference, *arguments)) == value


@pytest.mark.parametrize(("preference", "value"), [(STRICT, "maybe"), (COLOUR, "Always"), (OUTPUT, "jsn")])
def test_an_invalid_variable_is_a_usage_error(
    preference: Switch | Choice, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"ACTIVENIC_{preference.name.upper()}"
    monkeypatch.setenv(name, value)
    with pytest.raises(QuestionError, match=rf"invalid value `{value}` of the variable {name}") as caught:
        preference.of(options_of(preference))
    assert exit_of_error(caught.value) == 2


ROOT = Path(__file__).parents[2]
BOND = str(ROOT / "policies" / "examples" / "bond.json")
COLOURED = "\x1b["


@pytest.fixture
def commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """Return a command line of each command that prints colours."""
    log = str(tmp_path / "log")
    question = [BOND, "--address", "192.0.2.10"]
    main(["decide", *question, "--log", log])
    capsys.readouterr()
    return [
        ["decide", *question],
        ["explain", *question],
        ["test", str(ROOT / "policies" / "strict.test.yaml")],
        ["diff", "strict", "ovirt-engine", "--corpus", BOND, "--address", "192.0.2.10", "--show", "bond.json"],
        ["log", "list", log],
    ]


@pytest.mark.parametrize(
    ("variables", "arguments", "is_coloured"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"FORCE_COLOR": ""}, [], False),
        ({"ACTIVENIC_COLOUR": "always"}, [], True),
        ({"ACTIVENIC_COLOUR": "always", "NO_COLOR": "1"}, [], True),
        ({"ACTIVENIC_COLOUR": "always"}, ["--colour", "never"], False),
        ({"FORCE_COLOR": "1"}, ["--colour", "never"], False),
        ({"NO_COLOR": "1"}, ["--colour", "always"], True),
        ({"FORCE_COLOR": "1"}, ["--colour", "auto"], True),
    ],
)
def test_colours_are_alike_in_all_commands(
    commands: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    arguments: list[str],
    is_coloured: bool,
) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "ACTIVENIC_COLOUR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    for command in commands:
        assert main([*command, *arguments]) == 0
        assert (COLOURED in capsys.readouterr().out) == is_coloured, command
    assert dict(os.environ) == before


def test_the_variable_for_the_output_is_for_all_commands(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command without this form prints text; the option takes precedence."""
    monkeypatch.setenv("ACTIVENIC_OUTPUT", "json")
    decide, explain, test, _, log_list = commands
    for command in (decide, explain, test):
        assert main(command) == 0
        assert json.loads(capsys.readouterr().out)["schema_version"]
        assert main([*command, "--output", "text"]) == 0
        assert not capsys.readouterr().out.startswith("{")
    assert main(log_list) == 0
    assert not capsys.readouterr().out.startswith("{")
    monkeypatch.setenv("ACTIVENIC_OUTPUT", "jsno")
    assert main(decide) == 2
    assert "[VARIABLE_INVALID]" in capsys.readouterr().err


def test_options_of_the_question_have_no_variables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["decide", BOND, "--address", "192.0.2.10"])
    before = capsys.readouterr().out
    for name in ("POLICY", "ADDRESS", "HOST", "PARAM", "FORMAT", "REPORT", "REQUIRE_COMPLETE"):
        monkeypatch.setenv(f"ACTIVENIC_{name}", "nonsense")
    assert main(["decide", BOND, "--address", "192.0.2.10"]) == 0
    assert capsys.readouterr().out == before


def test_a_policy_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stdin(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    question = ["decide", BOND, "--address", "192.0.2.10", "--policy", "-"]
    stdin("policy: mine\nextends: strict\nrules:\n  - {name: none, rule: discard nic when nic is bond}\n")
    assert main(question) == 5
    capsys.readouterr()
    stdin("policy: mine\nrules: 5\n")
    assert main(question) == 8
    assert capsys.readouterr().err.startswith("<stdin>:2:8: error: ")
    for arguments in (["-", *question[2:]], ["--policy", "-", "-", "--host", "192.0.2.10"]):
        with pytest.raises(SystemExit) as exit_:
            main(["decide", *arguments])
        assert exit_.value.code == 2
        assert "standard input can be the report or the policy, not both" in capsys.readouterr().err
    stdin("policy: mine\nextends: strict\n")
    with pytest.raises(SystemExit):
        main(["explain", *question[1:], "--change-as-test", "ens1"])
    assert "a test needs the name of a policy file" in capsys.readouterr().err
