"""Generates docs/recipe-texts.md, the page with the texts of the recipes and their tests, from examples/recipes.

docs/recipes.md states for each recipe when to use the recipe, and links to its text on this page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

RECIPES = Path(__file__).parent.parent / "examples" / "recipes"
_TESTS = ".test.yaml"
_HEAD = """\
# Texts of the recipes

This page has the policy and the tests of each [recipe](recipes.md). It is generated from the files in
`examples/recipes`. Save the two texts in one folder, and run `activenic test` in it.
"""


def recipes_page(folder: Path = RECIPES) -> str:
    """Return docs/recipe-texts.md for the recipes of a folder."""
    recipes = sorted(path for path in folder.glob("*.yaml") if not path.name.endswith(_TESTS))
    return "\n".join((_HEAD, *(line for path in recipes for line in _recipe(path))))


def _recipe(path: Path) -> Iterator[str]:
    tests = path.with_name(f"{path.stem}{_TESTS}")
    yield f"## {path.stem}\n"
    for file in (path, tests):
        yield f"[{file.name}](../examples/recipes/{file.name}):\n"
        yield f"```yaml\n{file.read_text(encoding='utf-8').rstrip()}\n```\n"
