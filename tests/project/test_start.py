"""A first decision imports what it needs and nothing more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "policies" / "examples"
DECIDES = f"""
import evaluator
report = evaluator.read_report((open({str(EXAMPLES / "bond.json")!r}, "rb")).read())
decision = evaluator.load_policy(POLICY).decide(report, evaluator.HostAddresses.of("192.0.2.10"))
assert decision.host_active_nic == "bond0", decision
"""
UNUSED = {
    "copy",
    "dataclasses",
    "inspect",
    "ipaddress",
    "json",
    "orjson",
    "pathlib",
    "shutil",
    "tempfile",
    "urllib.parse",
}
SLOW = {"asyncio", "dns", "jsonschema", "lark", "rich", "rfc8785", "sqlite3", "yaml", "importlib.resources", "difflib"}


def imported(code: str) -> set[str]:
    """Return the modules that a new interpreter has imported after some code."""
    code += "\nimport sys; print('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("policy", ["strict", "ovirt-engine", "keep-management"])
def test_a_first_decision_by_a_shipped_policy_waits_for_no_parser(policy: str) -> None:
    found = imported(DECIDES.replace("POLICY", repr(policy)))
    assert not found & SLOW
    assert not found & {
        "evaluator.policy.load",
        "evaluator.policy.check.rules",
        "evaluator.explain.explain",
        "evaluator.decision.trace",
    }
    assert "evaluator.policy.run.interpret" not in found
    readers = {"evaluator.report.ansible", "evaluator.report.iproute2", "evaluator.report.nmstate"}
    assert not found & readers
    assert not {name for name in found if name.startswith(("evaluator.names", "evaluator.render", "evaluator.audit"))}


def test_a_first_decision_imports_little_of_the_standard_library() -> None:
    """Beyond what msgspec imports in this installation: `typing_extensions`, if it is there, and with it `inspect`."""
    found = imported(DECIDES.replace("POLICY", repr("strict"))) - imported("import msgspec.json")
    assert not found & UNUSED


def test_no_module_of_ours_asks_for_the_unused_ones_in_a_first_decision() -> None:
    watch = (
        "import builtins\n"
        "real, asked = builtins.__import__, set()\n"
        "def watched(name, globals=None, *rest):\n"
        "    asked.add(((globals or {}).get('__name__', ''), name))\n"
        "    return real(name, globals, *rest)\n"
        "builtins.__import__ = watched\n"
    )
    code = watch + DECIDES.replace("POLICY", repr("strict"))
    code += f"\nours = {{(who, what) for who, what in asked if who.startswith('evaluator') and what in {UNUSED}}}"
    imported(code + "\nassert any(who.startswith('evaluator') for who, _ in asked)\nassert not ours, ours")


@pytest.mark.parametrize("output", ["name", "json"])
def test_the_command_waits_for_no_parser(output: str) -> None:
    arguments = ["decide", str(EXAMPLES / "bond.json"), "--address", "192.0.2.10", "--output", output]
    found = imported(f"from evaluator.cli.main import main\nassert main({arguments!r}) == 0")
    assert not found & SLOW
    commands = {name for name in found if name.startswith("evaluator.cli.")}
    assert not commands & {f"evaluator.cli.{name}" for name in ("explain", "log", "replay", "test", "policies")}


def test_the_package_itself_imports_almost_nothing() -> None:
    """The command cannot handle an interrupt before this import ends."""
    found = imported("import evaluator") - imported("import importlib")
    assert found == {"evaluator", "evaluator.base", "evaluator.base.version"}


def test_reasons_need_no_search_for_changes() -> None:
    found = imported(DECIDES.replace("POLICY", repr("strict")) + "decision.reasons()\n")
    assert "evaluator.explain.explain" in found
    assert "evaluator.explain.counterfactual.search" not in found


def test_what_is_imported_later_is_there() -> None:
    code = (
        "from evaluator import *\nimport evaluator\nassert all(getattr(evaluator, name) for name in evaluator.__all__)"
    )
    assert "evaluator.names.resolve" in imported(code + "\nassert callable(resolve_host)")
