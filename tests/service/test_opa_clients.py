"""Clients that others wrote for OPA, from npm and PyPI, unchanged against the service."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.service import QUESTION, WAIT, serving_on_port

pytestmark = pytest.mark.system
CLIENTS = Path(__file__).parent / "opa_clients"
MODULES = Path(__file__).parents[2] / ".opa-clients"  # `make test-system` installs the packages there


def _run(*command: str) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("module", ["@open-policy-agent/opa", "@styra/opa"])
def test_clients_of_npm(tmp_path: Path, module: str) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("a-token-of-a-client-of-opa\n")
    script = Path(shutil.copy(CLIENTS / "ask.mjs", MODULES / "ask.mjs"))  # it finds the modules beside itself
    with serving_on_port(tmp_path, "--token-file", str(tokens)) as service:
        assert _run("node", str(script), service.url, module, json.dumps(QUESTION)) == {
            "resolved": True,
            "name": "bond0",
            "batch": {"a": True, "b": True},
            "mixed": [True, "invalid_parameter"],
            "error": ["ClientError", "invalid_parameter", "REPORT_INVALID"],
        }


def test_clients_of_pypi(tmp_path: Path) -> None:
    with serving_on_port(tmp_path) as service:
        script = str(CLIENTS / "ask.py")
        assert _run(sys.executable, script, str(service.port), json.dumps(QUESTION)) == {
            "health": [True, True, True],
            "resolved": True,
            "asynchronous": True,
            "name": "bond0",
            "errors": ["PolicyRequestError", "PolicyNotFound"],
        }
