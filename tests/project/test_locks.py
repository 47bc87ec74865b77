"""locks/ is what `make demo` and `make test` install from: complete, with hashes, and what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def _entries(lock: Path) -> Iterator[tuple[Requirement, list[str]]]:
    """Yield each requirement of a lock and its options."""
    lines = lock.read_text().replace("\\\n", " ").splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            requirement, *options = re.split(r"\s+(?=--)", line.strip())
            yield Requirement(requirement), options


def _pinned(lock: Path) -> dict[str, Version]:
    return {canonicalize_name(r.name): Version(next(iter(r.specifier)).version) for r, _ in _entries(lock)}


def _group(name: str) -> Iterator[str]:
    for entry in PYPROJECT["dependency-groups"][name]:
        if isinstance(entry, str):
            yield entry
        else:
            yield from _group(entry["include-group"])


def _asked() -> Iterator[tuple[str, Requirement]]:
    """Yield what each lock must satisfy."""
    project = PYPROJECT["project"]
    run = [*project["dependencies"], *_group("build"), *PYPROJECT["build-system"]["requires"]]
    extras = dict(project["optional-dependencies"])
    del extras["all"]
    spark = [*extras["fleet"], *(text for text in extras.pop("spark") if text != "activenic[fleet]")]
    peers = (ROOT / "benchmarks" / "peers" / "requirements.txt").read_text().splitlines()
    opa = (ROOT / "benchmarks" / "peers" / "requirements-opa.txt").read_text().splitlines()
    schemathesis = (ROOT / "tests" / "service" / "schemathesis.txt").read_text().splitlines()
    ansible = (ROOT / "tests" / "neighbours" / "ansible.txt").read_text().splitlines()
    dev = [*run, *chain.from_iterable(extras.values()), *_group("dev")]
    mutation = [*dev, *_group("mutation")]
    release = [*run, *_group("release")]
    wanted = {
        "run": run,
        "dev": dev,
        "release": release,
        "spark": [*run, *spark, *_group("spark")],
        "mutation": mutation,
        "peers": [*run, *peers],
        "peers-opa": opa,
        "schemathesis": schemathesis,
        "service": [*run, *extras["service"], *extras["sign"], *extras["otel"]],
        "ansible": [*run, *ansible],
    }
    for lock, texts in wanted.items():
        yield from ((lock, Requirement(text)) for text in texts if not text.startswith("#"))


@pytest.mark.parametrize(("lock", "asked"), list(_asked()), ids=str)
def test_a_lock_has_what_is_asked_for(lock: str, asked: Requirement) -> None:
    pinned = _pinned(ROOT / "locks" / f"{lock}.txt")
    name = canonicalize_name(asked.name)
    assert name in pinned, "run `make lock`"
    assert pinned[name] in asked.specifier, "run `make lock`"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_requirement_is_one_version_with_hashes_and_nothing_else(lock: Path) -> None:
    entries = list(_entries(lock))
    assert entries
    for requirement, options in entries:
        assert [part.operator for part in requirement.specifier] == ["=="], requirement
        assert requirement.url is None
        assert options, f"{requirement} has no hash"
        assert all(_HASH.fullmatch(option) for option in options), options


def test_no_lock_names_an_index_or_a_folder() -> None:
    for lock in LOCKS:
        assert not re.search(r"://|--index|--find-links|^-e|^/|@ ", lock.read_text(), re.MULTILINE)


def test_the_locks_agree() -> None:
    dev = _pinned(ROOT / "locks" / "dev.txt")
    for lock in ("run", "mutation", "peers", "spark"):
        pinned = _pinned(ROOT / "locks" / f"{lock}.txt")
        assert {name: version for name, version in pinned.items() if dev.get(name, version) != version} == {}
    assert _pinned(ROOT / "locks" / "run.txt").keys() <= dev.keys()


def test_the_commands_of_the_readme_install_from_the_locks() -> None:
    makefile = (ROOT / "Makefile").read_text()
    installing = [line for line in makefile.splitlines() if "pip install" in line]
    assert installing[0] == "PIP := python -m pip install --quiet --disable-pip-version-check"
    assert all("uv pip install" in line for line in installing[1:])  # the newest and the lowest versions, on purpose
    assert "FROM_LOCK := $(PIP) --require-hashes --requirement" in makefile
    assert "ITSELF := $(PIP) --no-deps --no-build-isolation --editable ." in makefile
