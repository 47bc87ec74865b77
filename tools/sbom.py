"""The software bill of materials (CycloneDX 1.6, JSON): `python -m tools.sbom FILE`, part of `make dist`.

The document lists activenic and every package that the core install needs. The versions and SHA-256 digests are from
locks/run.txt. This lock also has the packages that build activenic; the document leaves them out. cyclonedx-py writes
the document and validates it. cyclonedx-py does not know the version of activenic, or which packages activenic needs
directly. So this module adds both to the document.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from evaluator.base.version import __version__

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "locks" / "run.txt"


def main(target: Path) -> None:
    """Write the document."""
    direct = _needs("activenic", "")
    locked = _locked_lines()
    text = "".join(locked[name] for name in sorted(_closure(direct)))
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--pyproject", "pyproject.toml"]
    options = ["--mc-type", "library", "--output-reproducible", "--spec-version", "1.6", "--validate", "-"]
    done = subprocess.run(  # noqa: S603 -- a fixed command
        [*command, *options], input=text, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    target.write_text(json.dumps(_completed(json.loads(done.stdout), direct), indent=2) + "\n", encoding="utf-8")


def _needs(distribution: str, extra: str) -> set[str]:
    """Return the packages that an installed package with the extra needs on this platform."""
    parsed = map(Requirement, requires(distribution) or ())
    needed = [each for each in parsed if each.marker is None or each.marker.evaluate({"extra": extra})]
    return {f"{canonicalize_name(each.name)}[{name}]" for each in needed for name in each.extras} | {
        canonicalize_name(each.name) for each in needed
    }


def _closure(direct: set[str]) -> set[str]:
    """Return the names of all packages that are needed directly or by another package."""
    done: set[str] = set()
    pending = set(direct)
    while pending:
        name = pending.pop()
        done.add(name)
        distribution, _, extra = name.rstrip("]").partition("[")
        pending |= _needs(distribution, extra) - done
    return {name for name in done if "[" not in name}


def _locked_lines() -> dict[str, str]:
    """Return the lines of the lock for each package, by the name of the package."""
    entries: dict[str, str] = {}
    name = ""
    for line in LOCK.read_text(encoding="utf-8").splitlines(keepends=True):
        if line[0].isalnum():
            name = canonicalize_name(line.partition("==")[0])
        if name:
            entries[name] = entries.get(name, "") + line
    return entries


def _completed(document: dict[str, Any], direct: set[str]) -> dict[str, Any]:
    root = document["metadata"]["component"]
    root |= {"version": __version__, "purl": f"pkg:pypi/activenic@{__version__}"}
    references = {canonicalize_name(each["name"]): each["bom-ref"] for each in document["components"]}
    for dependency in document["dependencies"]:
        if dependency["ref"] == root["bom-ref"]:
            dependency["dependsOn"] = sorted(ref for name, ref in references.items() if name in direct)
    return document


if __name__ == "__main__":
    main(Path(sys.argv[1]))
