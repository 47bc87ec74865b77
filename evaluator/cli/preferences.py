"""The preferences of a user: output, colour, progress, strict, cache. Each has an option and an environment variable.

The preference `colour` has the option `--colour` and the variable `ACTIVENIC_COLOUR`. The option takes precedence over
the variable. A preference never changes a decision, so the options that give the inputs of a decision have no variable.

A variable applies to all commands, but not all commands have the same output formats. If the variable contains a format
that only other commands have, the command uses its own default. If no command has this format, the command reports an
error.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.base.text import did_you_mean, quote

FORMS = (
    "text",
    "json",
    "jsonl",
    "html",
    "name",
    "markdown",
    "junit",
    "github",
    "sarif",
    "lcov",
    "cobertura",
)
_TRUTHS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class Switch(Struct, frozen=True):
    """A preference that is on or off: `--NAME` and `--no-NAME`."""

    name: str
    default: bool
    help: str

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Add the option."""
        parser.add_argument(
            f"--{self.name}",
            action=argparse.BooleanOptionalAction,
            default=None,
            help=f"{self.help} (default: the variable {_variable(self.name)})",
        )

    def of(self, options: argparse.Namespace) -> bool:
        """Return the value of the option, else of the variable, else the default.

        Raises QuestionError if the variable is invalid.
        """
        value: bool | None = getattr(options, self.name)
        if value is not None:
            return value
        text = _text_of_variable(self.name)
        return _TRUTHS[_allowed(self.name, text.lower(), _TRUTHS)] if text else self.default


class Choice(Struct, frozen=True):
    """A preference whose value is one word of a list: `--NAME WORD`.

    `words` are the words that this command accepts. The environment variable is for all commands, so it can have a word
    that only other commands accept (`of_other_commands`). Then this command uses its default.
    """

    name: str
    words: tuple[str, ...]
    default: str
    help: str
    of_other_commands: tuple[str, ...] = ()

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Add the option."""
        help_text = f"{self.help} (default: the variable {_variable(self.name)}, else {self.default})"
        parser.add_argument(f"--{self.name}", choices=self.words, default=None, help=help_text)

    def of(self, options: argparse.Namespace) -> str:
        """Return the value of the option, else of the variable, else the default.

        Raises QuestionError if the variable is invalid.
        """
        text = getattr(options, self.name) or _text_of_variable(self.name)
        if not text:
            return self.default
        word = _allowed(self.name, text, (*self.words, *self.of_other_commands))
        return word if word in self.words else self.default


STRICT = Switch("strict", default=False, help="treat warnings as errors")
PROGRESS = Switch("progress", default=True, help="show progress on a terminal if the work takes long")
PROOFS = Switch("proofs", default=True, help="if the solver cvc5 is installed, prove which rules can never fire")
CACHE = Switch("cache", default=True, help="remember the results of proofs and searches for later runs")
COLOUR = Choice("colour", ("auto", "always", "never"), "auto", help="print in colours; `auto`: only on a terminal")


@contextmanager
def colours(options: argparse.Namespace) -> Iterator[None]:
    """Set NO_COLOR or FORCE_COLOR according to the option `--colour`. All functions that print read these variables.

    Raises QuestionError if the variable ACTIVENIC_COLOUR is invalid.
    """
    names = {"always": ("FORCE_COLOR", "NO_COLOR"), "never": ("NO_COLOR", "FORCE_COLOR")}
    choice = COLOUR.of(options)
    if choice not in names:
        yield
        return
    before = dict(os.environ)
    wanted, other = names[choice]
    os.environ[wanted] = "1"
    os.environ.pop(other, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def output_choice(names: Iterable[str], default: str = "text") -> Choice:
    """Return the preference `output` of a command. `names` are the output formats of the command."""
    return Choice("output", tuple(names), default, help="the form of the output", of_other_commands=FORMS)


TEXT_OR_JSON = output_choice(("text", "json"))
TEXT_JSON_OR_HTML = output_choice(("text", "json", "html"))


def _variable(name: str) -> str:
    return f"ACTIVENIC_{name.upper()}"


def _text_of_variable(name: str) -> str:
    return os.environ.get(_variable(name), "")


def _allowed(name: str, value: str, words: Iterable[str]) -> str:
    words = tuple(dict.fromkeys(words))
    if value in words:
        return value
    message = f"invalid value {quote(value)} of the variable {_variable(name)}"
    hint = did_you_mean(value, words) or f"allowed: {', '.join(words)}"
    raise QuestionError([Diagnostic("VARIABLE_INVALID", message, hint=hint)])
