"""`make long`: slices are the same each time, cover every property test, and are gone on with where they stopped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.long import ROOT, SLICES, Unit, is_finished, main, plan, run_slice


def test_a_slice_is_the_same_each_time_and_no_other() -> None:
    slices = [plan(1, number) for number in range(1, SLICES + 1)]
    assert slices == [plan(1, number) for number in range(1, SLICES + 1)]
    names = [unit.name for units in slices for unit in units]
    assert len(set(names)) == len(names)
    commands = [unit.arguments for units in slices for unit in units]
    assert len(set(commands)) == len(commands)
    other_seed = {unit.name for unit in plan(2, 1) if unit.arguments in commands}
    assert other_seed == {unit.name for unit in plan(1, 1) if "small-hosts" in unit.name}  # they decide all hosts


def test_every_property_test_is_in_a_slice() -> None:
    files = {argument for unit in plan(1, 1) for argument in unit.arguments if argument.endswith(".py")}
    imports = re.compile(r"^from hypothesis import .*\bgiven\b", re.MULTILINE)
    tests = (ROOT / "tests").rglob("test_*.py")
    assert files == {str(file.relative_to(ROOT)) for file in tests if imports.search(file.read_text(encoding="utf-8"))}
    assert len(files) > 15


def _units(folder: Path) -> list[Unit]:
    """Units that each write a line; the second fails as long as there is a file `broken`."""
    write = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write('x')"
    fail = f"{write}; sys.exit(pathlib.Path(sys.argv[2]).exists())"
    broken = str(folder / "broken")
    return [
        Unit("1/a", ("-c", write, str(folder / "a"))),
        Unit("1/b", ("-c", fail, str(folder / "b"), broken)),
        Unit("1/c", ("-c", write, str(folder / "c"))),
    ]


def test_what_passed_is_not_run_again_and_what_failed_is(tmp_path: Path) -> None:
    units, passed = _units(tmp_path), tmp_path / "passed"
    (tmp_path / "broken").touch()
    assert {(o.unit.name, o.passed) for o in run_slice(units, passed)} == {("1/a", True), ("1/b", False), ("1/c", True)}
    assert not is_finished(units, passed)
    (tmp_path / "broken").unlink()
    assert [(o.unit.name, o.passed) for o in run_slice(units, passed)] == [("1/b", True)]
    assert is_finished(units, passed)
    assert [(tmp_path / name).read_text() for name in "abc"] == ["x", "xx", "x"]


def test_when_the_time_is_over_no_unit_is_begun(tmp_path: Path) -> None:
    assert list(run_slice(_units(tmp_path), tmp_path / "passed", seconds=0)) == []
    assert not list(tmp_path.iterdir())


def test_a_failure_is_printed_with_what_repeats_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken").touch()
    monkeypatch.setattr("tests.long.plan", lambda _, __: _units(tmp_path))
    monkeypatch.setattr("tests.long.state_file", lambda _: tmp_path / "state" / "passed")
    assert main(["--seed", "5", "--slice", "3"]) == 1
    printed = capsys.readouterr().out
    assert "seed 5, slice 3: 1/b FAILED" in printed
    assert "make long LONG_SEED=5 SLICE=3" in printed
    assert "HYPOTHESIS_PROFILE=long python -c" in printed
    (tmp_path / "broken").unlink()
    assert main(["--seed", "5"]) == 0
    assert main(["--seed", "5"]) == 0
    assert [(tmp_path / name).read_text() for name in "abc"] == ["x", "xx", "x"]
    assert main(["--seed", "5", "--slice", "3"]) == 0  # asked for, so run again
    assert [(tmp_path / name).read_text() for name in "abc"] == ["xx", "xxx", "xx"]
