"""The functions that run commands, by name. A function is imported after the arguments were parsed.

The module of a command is imported whenever its arguments are parsed, for example for the help. What runs the command
may need slow modules or the packages of an extra. Then the function is in the package `actions`, whose modules import
at their top all that they need, and the module of the command has the name of the function.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import cast

from msgspec import Struct

from evaluator.base.diagnostic import require_package
from evaluator.base.lazy_import import entry


class Extra(Struct, frozen=True):
    """The packages that an action needs, and the extra that installs them.

    `refusal` is the part of the message before "without the package".
    """

    name: str
    packages: tuple[str, ...]
    refusal: str

    def require(self) -> None:
        """Raise ExtraMissingError if a package is not installed."""
        for package in self.packages:
            require_package(self.refusal, package, self.name)


class Action(Struct, frozen=True):
    """A function that runs a command and returns the exit status. `function` is its name, as `module:function`."""

    function: str
    extras: tuple[Extra, ...] = ()

    def __call__(self, options: argparse.Namespace) -> int:
        """Import the function and run it. Raises ExtraMissingError if a package of an extra is not installed."""
        for extra in self.extras:
            extra.require()
        return self.load()(options)

    def load(self) -> Callable[[argparse.Namespace], int]:
        """Import and return the function."""
        return cast("Callable[[argparse.Namespace], int]", entry(self.function))
