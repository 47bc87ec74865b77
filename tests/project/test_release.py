"""What a release consists of: the bill of materials and the RPM. `make test-dist` builds and installs the wheels."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import evaluator
from tools import sbom

ROOT = Path(__file__).parents[2]


def test_the_bill_has_all_that_the_core_install_needs() -> None:
    direct = sbom._needs("activenic", "")
    names = sbom._closure(direct)
    assert {"dnspython", "lark", "msgspec", "pyyaml", "shtab", "idna", "rpds-py", "markdown-it-py"} <= names
    assert not names & {"hatchling", "pytest", "cryptography", "pyroute2", "activenic"}
    locked = sbom._locked_lines()
    for name in names:
        assert re.match(rf"{name}==\S+ ", locked[name].lower()), name
        assert "--hash=sha256:" in locked[name]


def test_the_bill_names_the_version_and_what_is_needed_directly() -> None:
    document: dict[str, Any] = {
        "metadata": {"component": {"bom-ref": "root", "name": "activenic"}},
        "components": [{"name": "PyYAML", "bom-ref": "r-1"}, {"name": "attrs", "bom-ref": "r-2"}],
        "dependencies": [{"ref": "root"}, {"ref": "r-1"}],
    }
    completed = sbom._completed(document, {"pyyaml", "dnspython[idna]"} - {"dnspython"})
    assert completed["metadata"]["component"]["purl"] == f"pkg:pypi/activenic@{evaluator.__version__}"
    assert completed["dependencies"] == [{"ref": "root", "dependsOn": ["r-1"]}, {"ref": "r-1"}]


def test_the_rpm_needs_what_the_wheel_needs() -> None:
    spec = (ROOT / "packaging" / "activenic.spec").read_text(encoding="utf-8")
    required = dict(re.findall(r"^Requires: +python3dist\((\S+?)\)(?: >= (\S+))?$", spec, re.M))
    lowest = {}
    for text in sbom.requires("activenic") or ():
        if "extra ==" not in text:
            name, _, version = text.partition(">=")
            lowest[name.partition("[")[0].lower()] = version
    assert {name: version for name, version in required.items() if name != "idna"} == lowest


@pytest.mark.system
def test_an_rpm_is_built_and_works(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    defined = {
        "_topdir": tmp_path / "rpm",
        "_sourcedir": tmp_path,
        "__python3": sys.executable,
        "version_of_activenic": evaluator.__version__,
    }
    options = [part for name, value in defined.items() for part in ("--define", f"{name} {value}")]
    # Debian's database of RPMs is empty, so the build requirements are taken from the environment of the tests
    done = subprocess.run(
        ["rpmbuild", "-bb", "--nodeps", *options, str(ROOT / "packaging" / "activenic.spec")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (rpm,) = (tmp_path / "rpm" / "RPMS").rglob("*.rpm")
    root = tmp_path / "root"
    root.mkdir()
    subprocess.run(f"rpm2cpio {rpm} | cpio -idm --quiet", shell=True, cwd=root, check=True)
    (package,) = root.rglob("evaluator/__init__.py")
    (manual,) = (root / "usr/share/man/man1").iterdir()
    assert manual.name in ("activenic.1", "activenic.1.gz")  # Debian's rpmbuild does not compress it
    for name in ("share/zsh/site-functions/_activenic", "share/bash-completion/completions/activenic"):
        assert (root / "usr" / name).is_file()
    command = (root / "usr" / "bin" / "activenic").read_text()
    assert command.startswith("#!/usr/bin/python3\n")
    report = ROOT / "policies" / "examples" / "bond.json"
    environment = {"PYTHONPATH": str(package.parents[1]), "PATH": "/usr/bin:/bin"}
    decided = subprocess.run(
        [sys.executable, str(root / "usr/bin/activenic"), "decide", str(report), "--address", "192.0.2.10"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert decided.stdout.startswith("resolved: bond0 ")
    listed = subprocess.run(["rpm", "-qp", "--requires", str(rpm)], capture_output=True, text=True, check=True)
    assert "python3dist(msgspec) >= 0.19" in listed.stdout
