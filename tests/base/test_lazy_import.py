"""A lazy module is imported when one of its attributes is read, and not before."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evaluator.base.lazy_import import lazy_module
from tests.support.untyped import untyped


def test_a_lazy_module_is_imported_when_an_attribute_is_read() -> None:
    code = (
        "import sys\nfrom evaluator.base.lazy_import import lazy_module\n"
        "module = lazy_module('colorsys')\nassert 'colorsys' not in sys.modules\n"
        "assert module.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)\nassert 'colorsys' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_lazy_module_raises_the_errors_of_the_module() -> None:
    with pytest.raises(ModuleNotFoundError):
        _ = untyped(lazy_module("no_such_module")).anything
    with pytest.raises(AttributeError):
        _ = untyped(lazy_module("json")).no_such_attribute
