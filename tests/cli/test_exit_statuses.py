"""The exit statuses: `exit-statuses.yaml` is the table, each row is run through the entry point."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
from copy import deepcopy
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml

import evaluator
from evaluator.audit.mask.mask import mask
from evaluator.audit.record import Record
from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding
from evaluator.testing.terse_topology import read_topology
from tests.support.logs import filled, open_log, plain, tampering

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "policies" / "examples"
ROWS = yaml.safe_load((Path(__file__).parents[1] / "exit-statuses.yaml").read_text(encoding="utf-8"))
ACTIVENIC = Path(sysconfig.get_path("scripts")) / "activenic"
GLOBS = "policy: globs\nrules:\n  - name: a\n    rule: match nic when nic.name like ['bond*']\n"
RULES = "rules:\n  - name: a\n    rule: {} nic when nic.addresses overlaps host.addresses\n"
TEST = "policy: strict\ntests:\n  - {name: a, given: ens1 has 192.0.2.10/24, host: 192.0.2.10, want: resolved ens2}\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Make the files that the rows name."""
    folder = tmp_path_factory.mktemp("statuses")
    texts = {
        "two": json.dumps(read_topology("ens1 has 192.0.2.10/24; ens2 has 192.0.2.10/24")),
        "bad_report": '{"nics": {"a": {"addr": 1}}}',
        "bad_policy": f"policy: bad\n{RULES.format('mtch')}",
        "copy": f"policy: strict\n{RULES.format('match')}",
        "extending": "policy: site\nextends: strict\nrules:\n  - remove: near-miss\n",
        "pinned": f'policy: site\nextends: strict\nsha256: "{"0" * 64}"\n',
        "bad_base": "policy: site\nextends: ./bad.yaml\n",
        "text": "hello, this is prose\n",
        "questions": json.dumps({"report": {"nics": {}}, "addresses": ["192.0.2.10"]}),
        **_records(),
    }
    names = {name: folder / name for name in texts} | {
        "failing_test": folder / "failing.test.yaml",
        "passing_test": folder / "passing.test.yaml",
        "vacuous_test": folder / "vacuous.test.yaml",
        "empty_tests": folder / "empty.test.yaml",
        "bad_policy": folder / "bad.yaml",
        "copy": folder / "copy.yaml",
        "policies": folder / "policies",
        "extending": folder / "policies" / "extending.yaml",
        "pinned": folder / "pinned.yaml",
        "bad_base": folder / "bad-base.yaml",
        "missing": folder / "missing",
        "folder": folder / "folder",
    }
    texts |= {
        "failing_test": TEST,
        "passing_test": TEST.replace("resolved ens2", "resolved ens1"),
        "vacuous_test": TEST.replace("resolved ens2", "no_match").replace("host: 192.0.2.10", 'host: "2001:db8::1"'),
        "empty_tests": "policy: strict\ntests: []\n",
    }
    names["policies"].mkdir()
    for name, text in texts.items():
        names[name].write_text(text, encoding="utf-8")
    names["folder"].mkdir()
    names |= {f"{name}": EXAMPLES / f"{name}.json" for name in ("bond", "bridge")} | _logs(folder)
    return {name: str(path) for name, path in names.items()}


def _records() -> dict[str, str]:
    """Return files of one record: a sound one, an altered one, one of an older version, one that was masked."""
    record = _recorded(evaluator.load_policy("strict"))
    altered, older = deepcopy(record.to_dict()), deepcopy(record.to_dict())
    altered["record"]["result"]["hostActiveNic"] = "ens1"
    older["record"]["engine"]["version"] = "0.1.0"
    older["record"]["result"]["findings"] = [Finding("OLDER", Severity.INFO, "of an older version").to_dict()]
    masked = mask(_recorded(evaluator.load_policy(text=GLOBS)), b"k" * 32).to_dict()
    documents = {"record": record.to_dict(), "altered": altered, "older": older, "masked": masked}
    return {name: json.dumps(document) for name, document in documents.items()}


def _recorded(policy: evaluator.Policy) -> Record:
    from tests.audit.test_record import record_of

    report = evaluator.read_report(EXAMPLES / "bond.json")
    return record_of(policy.decide(report, evaluator.HostAddresses.of("192.0.2.10")))


def _logs(folder: Path) -> dict[str, Path]:
    logs = {name: folder / f"{name}.log" for name in ("log", "damaged", "newer", "empty_log")}
    filled(logs["log"], 1)
    filled(logs["damaged"], 1)
    filled(logs["newer"], 1)
    with tampering(logs["damaged"]) as connection:
        connection.execute("UPDATE entry SET envelope = x'00'")
    with plain(logs["newer"]) as connection:
        connection.execute("PRAGMA user_version=99")
    open_log(logs["empty_log"]).close()
    return logs


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["run"] or "activenic")
def test_a_command_has_its_exit_status(
    row: dict[str, Any],
    files: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(files["folder"])
    if "without" in row:
        hidden = [name for name in sys.modules if name.startswith(f"{row['without']}.")]
        for name in (row["without"], *hidden):
            monkeypatch.setitem(sys.modules, name, None)
    (activenic,) = entry_points(group="console_scripts", name="activenic")
    try:
        status = activenic.load()(row["run"].format(**files).split())
    except SystemExit as stopped:
        status = stopped.code
    out, err = capsys.readouterr()
    assert (status, err) == (row["exit"], err)
    assert "Traceback" not in err
    if "stderr" in row:
        assert row["stderr"] in err
    else:
        assert err == ""
    if row["exit"] == 2:
        assert out == ""


def test_an_interrupt_ends_with_130() -> None:
    command = [ACTIVENIC, "decide", "-", "--address", "192.0.2.10"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    # a shell lets its background jobs ignore the signal, and their children inherit that
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, **pipes) as process:
        signal.signal(signal.SIGINT, handler)
        assert process.stdin is not None
        process.stdin.write(b" " * 2**20)  # more than a pipe holds, so the command reads when this returns
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")


@pytest.mark.parametrize("arguments", [["policies", "show", "strict"], ["--help"], ["log", "--help"]])
def test_a_closed_pipe_ends_with_141(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [ACTIVENIC, *arguments], stdout=writer, stderr=subprocess.PIPE, env=buffered, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")
