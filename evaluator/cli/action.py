"""Names of the functions that run commands. A function is imported when the command runs.

The module of a command defines its arguments, so it is also imported for the help. The function that runs the command
can need slow modules or the packages of an extra. Such a function is in the package `actions`, and the module of the
command has only the name of the function.
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
