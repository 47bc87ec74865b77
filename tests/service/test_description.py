"""schemathesis draws requests from the OpenAPI description and compares each response with it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.service import serving_on_port

pytestmark = pytest.mark.system
ROOT = Path(__file__).parents[2]
# a question can be valid by its schema and still be invalid, for example its addresses
EXCLUDED = "positive_data_acceptance"


def test_every_response_is_as_described(tmp_path: Path) -> None:
    with serving_on_port(tmp_path, "--log", "d.log") as service:
        command = [str(ROOT / ".venv-schemathesis" / "bin" / "schemathesis"), "run", f"{service.url}/openapi.json"]
        command += ["--max-examples", "5", "--seed", "1", "--exclude-checks", EXCLUDED, "--no-color"]
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.service.hooks", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=200
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr
        assert "failed" not in service.errors
