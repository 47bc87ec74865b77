"""Options of taste: the option wins over the variable, the variable over the default."""

from __future__ import annotations

import argparse

import pytest

from evaluator.base.diagnostic import QuestionError
from evaluator.cli.exits import exit_of_error
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
