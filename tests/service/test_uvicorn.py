"""The application in another server than the documented one: uvicorn."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from evaluator import DecisionLog
from tests.support.service import QUESTION, WAIT, lines_of

pytestmark = pytest.mark.system
MODULE = """
from pathlib import Path
from evaluator.service.application import Service
from evaluator.service.settings import Settings
app = Service(Settings(policies=(Path("policies"),), log=Path("d.log"))).application()
"""


def test_the_application_in_uvicorn(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "mine.yaml").write_text("policy: mine\nextends: strict\n")
    (tmp_path / "served.py").write_text(MODULE)
    command = [sys.executable, "-m", "uvicorn", "served:app", "--uds", "s", "--no-access-log"]
    errors = tmp_path / "err"
    with errors.open("w") as stream:
        process = subprocess.Popen(command, cwd=tmp_path, stderr=stream)
    try:
        while "running on" not in errors.read_text():
            assert process.poll() is None, errors.read_text()
            time.sleep(0.05)
        transport = httpx.HTTPTransport(uds=str(tmp_path / "s"))
        with httpx.Client(transport=transport, base_url="http://localhost", timeout=WAIT) as client:
            response = client.post("/v1/decisions", json={**QUESTION, "policy": "mine"})
            assert response.json()["hostActiveNic"] == "bond0"
            assert client.get(response.headers["location"]).status_code == 200
            body = json.dumps(QUESTION).encode() + b"\n"
            headers = {"content-type": "application/x-ndjson"}
            batch = client.post("/v1/decisions:batch?fields=status", content=iter([body] * 50), headers=headers)
            assert len(lines_of(batch.content)) == 50
            assert client.post("/v1/decisions", content=b"{", headers={"content-type": "application/json"}).is_error
            assert client.head("/v1/policies").status_code == 200
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT)
    finally:
        process.kill()
    assert "Traceback" not in errors.read_text()
    with DecisionLog.open(tmp_path / "d.log", read_only=True) as log:
        assert log.count() == 51
        assert log.verify().problems == ()
