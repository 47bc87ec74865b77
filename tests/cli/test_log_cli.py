"""The commands that keep, list, verify, replay and turn records into tests."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import sys
import unicodedata
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import evaluator
from evaluator import DecisionLog, HostAddresses
from evaluator.audit.record import make_record
from evaluator.cli.main import main
from evaluator.testing.run_cases import run_case_file
from evaluator.workbench.record_case import record_case
from tests.cli.test_cli import EVIL
from tests.support.logs import STRICT, WHEN, filled, open_log, plain, tampering
from tests.support.scripted_dns import answer, scripted_server

ROOT = Path(__file__).parents[2]
BOND = str(ROOT / "policies" / "examples" / "bond.json")
DECIDE = ["decide", BOND, "--address", "192.0.2.10", "--output", "name"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(filled(tmp_path_factory.mktemp("log") / "log"))


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evaluator", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **options)


def test_a_decision_is_kept_and_then_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = str(tmp_path / "log")
    assert main([*DECIDE, "--log", log, "--label", "engine=a=b", "--label", "run="]) == 0
    assert capsys.readouterr().out == "bond0\n"
    assert main(["log", "list", log, "--output", "jsonl", "--label", "run="]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["status"], found["hostActiveNic"], found["labels"]) == (
        "resolved",
        "bond0",
        {"engine": "a=b", "run": ""},
    )
    assert main(["replay", found["decision_id"], "--log", log]) == 0
    assert capsys.readouterr().out == f"{found['decision_id']}: equal\n1 replayed: 1 equal\n"


def test_the_exit_status_stays_that_of_the_decision(tmp_path: Path) -> None:
    bridge = str(ROOT / "policies" / "examples" / "bridge.json")
    assert main(["decide", bridge, "--address", "192.0.2.10", "--log", str(tmp_path / "log")]) == 3


def test_what_cannot_be_kept_is_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_text("hello")
    busy = filled(tmp_path / "busy", 1)
    for log, options, status in (
        (foreign, [], 8),
        (tmp_path, [], 8),
        (tmp_path / "none" / "log", [], 1),
        (busy, ["--sign-key", "missing"], 1),
    ):
        assert main([*DECIDE, "--log", str(log), *options]) == status
        out, err = capsys.readouterr()
        assert out == ""
        assert "error: " in err
    with tampering(busy) as connection:
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON label BEGIN SELECT raise(ABORT, 'refused'); END")
    assert main([*DECIDE, "--log", str(busy), "--label", "a=b"]) == 8
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [*DECIDE, "--label", "a=b"],
        [*DECIDE, "--sign-key", "key"],
        [*DECIDE, "--log", "log", "--label", "a"],
        [*DECIDE, "--log", "log", "--label", "a=1", "--label", "a=2"],
        ["log", "list", "log", "--label", "a=1", "--label", "a=2"],
        ["log", "list", "log", "--limit", "-5"],
        ["explain", "d-1", "--log", "log", "--policy", "ovirt-engine"],
        ["explain", "d-1", "--log", "log", "--param", "management_vlan=5"],
        ["explain", "d-1", "--log", "log", "--require-complete", "--hosts", "hosts"],
        ["explain", "d-1", "--log", "log", "--dns-timeout", "1"],
        ["explain", "--live", "--log", "log"],
        ["log"],
        ["log", "list"],
        ["log", "list", "log", "--since", "yesterday"],
        ["log", "list", "log", "--until", "0001-01-01T00:00:00+23:00"],
        ["log", "list", "log", "--status", "good"],
        ["log", "prune", "log"],
        ["log", "verify", "log", "--head", "5"],
        ["replay"],
        ["replay", "--all"],
        ["replay", "d-1", "--all", "--log", "log"],
        ["record-test"],
        ["record-test", "d-1", "d-2", "--log", "log"],
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: activenic" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], "8 7 6 5 4 3 2 1"),
        (["--limit", "2"], "8 7"),
        (["--host", "192.0.2.10"], "5 1"),
        (["--host", "::FFFF:192.0.2.10"], "5 1"),
        (["--since", "2026-11-22T12:06:00Z"], "8 7"),
        (["--since", "2026-11-22T13:06:00+01:00"], "8 7"),
        (["--until", "2026-11-22 12:01"], "1"),
        (["--since", "2026-11-23"], ""),
        (["--status", "ambiguous", "--interface", "bond0"], ""),
        (["--finding", "MANAGEMENT_NETWORK_OVER_BRIDGE", "--label", "run=5"], "6"),
        (["--policy", "ovirt-engine"], "8 4"),
    ],
)
def test_list(capsys: pytest.CaptureFixture[str], shared: str, options: list[str], found: str) -> None:
    assert main(["log", "list", shared, *options, "--output", "jsonl"]) == 0
    assert [json.loads(line)["seq"] for line in capsys.readouterr().out.splitlines()] == list(map(int, found.split()))
    assert main(["log", "list", shared, *options]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["time", "id", "host", "status", "interface", "policy", "findings", "labels"]
    ids = [line.split()[1] for line in lines if not line.startswith("and ")]
    assert ids == [f"d-{number}" for number in found.split()]
    assert ("and 6 more records; `--limit 0` lists all" in lines) == (options == ["--limit", "2"])


def test_show_and_export(capsys: pytest.CaptureFixture[str], shared: str, tmp_path: Path) -> None:
    assert main(["log", "show", shared, "d-2"]) == 0
    out = capsys.readouterr().out
    for said in (
        "d-2",
        "2026-11-22T12:01:00.000000Z",
        "rejected",
        "br0",
        "engine=e1, run=1",
        "MANAGEMENT_NETWORK_OVER",
    ):
        assert said in out
    assert main(["log", "show", shared, "d-2", "--output", "json"]) == 0
    one = tmp_path / "one.json"
    one.write_text(capsys.readouterr().out)
    assert main(["log", "export", shared, "--status", "rejected"]) == 0
    exported = capsys.readouterr().out
    assert [json.loads(line)["record"]["decision_id"] for line in exported.splitlines()] == ["d-2", "d-6"]
    first = json.loads(exported.splitlines()[0])
    assert first.pop("chain")["seq"] == 1
    assert first == json.loads(one.read_text())
    many = tmp_path / "many.jsonl"
    many.write_text(exported + "\n")
    assert main(["replay", str(one), str(many)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 replayed: 3 equal"
    assert main(["record-test", str(many)]) == 1
    assert "several records" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is neither a file of records nor a log"),
        ("{", "is neither a file of records nor a log"),
        ("{}", "is neither a file of records nor a log"),
        ("[" * 2000, "is neither a file of records nor a log"),
    ],
)
def test_what_is_not_a_file_of_records(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "record"
    path.write_text(content)
    for arguments in (["replay", str(path)], ["record-test", str(path)]):
        assert main(arguments) == 8
        out, err = capsys.readouterr()
        assert out == ""
        assert said in err


@pytest.mark.parametrize(
    ("content", "damaged"),
    [
        ('{"record": ' + "[" * 900 + "]" * 900 + ', "report": null, "policy": null}', 1),
        ('{"record": {}, "report": null, "policy": null}\nnonsense\n{}\n', 3),
    ],
)
def test_a_damaged_record_of_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, damaged: int
) -> None:
    path = tmp_path / "record"
    path.write_text(content)
    assert main(["record-test", str(path)]) == 8
    assert main(["replay", str(path)]) == 8
    out, err = capsys.readouterr()
    assert "[RECORD_INVALID]" in err
    assert out.count(": damaged\n") == damaged
    assert out.endswith(f"{damaged} replayed: {damaged} damaged\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["log", "show", "LOG", "d-99"], "has no record of decision `d-99`"),
        (["log", "list", "missing"], "no such file"),
        (["log", "verify", "missing"], "no such file"),
        (["log", "prune", "missing", "--before", "2026-01-01"], "no such file"),
        (["log", "verify", "LOG", "--key", "missing"], "no such file"),
        (["replay", "d-99", "--log", "LOG"], "has no record of decision"),
        (["replay", "d-1"], "add `--log FILE`"),
        (["replay", "--all", "--log", "missing"], "no such file"),
        (["record-test", "d-1", "--log", "LOG", "--to", "/none/a.test.yaml"], "cannot be written"),
    ],
)
def test_what_cannot_be_done(capsys: pytest.CaptureFixture[str], shared: str, arguments: list[str], said: str) -> None:
    assert main([shared if argument == "LOG" else argument for argument in arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert not Path("missing").exists()


def test_verify(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = filled(tmp_path / "log", 3)
    assert main(["log", "head", str(path)]) == 0
    head = capsys.readouterr().out.strip()
    assert main(["log", "verify", str(path), "--head", head]) == 0
    assert capsys.readouterr().out == f"log verified, 3 records; head {head}\n"
    with tampering(path) as connection:
        connection.execute("UPDATE entry SET status = 'resolved' WHERE seq = 3")
        connection.execute("UPDATE entry SET envelope = x'00' WHERE seq = 2")
    assert main(["log", "verify", str(path)]) == 8
    out = capsys.readouterr().out
    assert "record 2 was altered or moved" in out
    assert "record 3: the index columns `status` differ from the record" in out
    assert main(["log", "verify", str(path), "--output", "json"]) == 8
    document = json.loads(capsys.readouterr().out)
    assert (document["sound"], document["records"]) == (False, 3)
    assert "LOG_RECORD_ALTERED" in [problem["code"] for problem in document["problems"]]
    assert main(["log", "show", str(path), "d-2"]) == 8
    assert main(["log", "list", str(path)]) == 8
    capsys.readouterr()
    assert main(["replay", "--all", "--log", str(path)]) == 8
    out = capsys.readouterr().out
    assert [line.split(": ")[1] for line in out.splitlines() if not line.startswith(" ")] == [
        *("equal", "damaged", "equal"),
        "2 equal, 1 damaged",
    ]
    assert main(["log", "prune", str(path), "--before", "2027-01-01"]) == 8
    assert "damaged records were pruned; the checkpoint lists them: 2, 3" in capsys.readouterr().err
    assert main(["log", "head", str(ROOT / "README.md")]) == 8
    assert "is not a log" in capsys.readouterr().err


def test_signatures(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log, key = str(tmp_path / "log"), str(tmp_path / "key")
    assert main(["log", "keygen", key]) == 0
    assert capsys.readouterr().out == f"private key: {key}\npublic key: {key}.pub\n"
    assert main(["log", "keygen", key]) == 1
    assert main([*DECIDE, "--log", log, "--sign-key", key]) == 0
    capsys.readouterr()
    assert main(["log", "verify", log, "--key", f"{key}.pub"]) == 0
    assert "1 records, 1 with signatures; head 1:" in capsys.readouterr().out
    assert main(["log", "verify", log, "--key", key]) == 1
    assert main([*DECIDE, "--log", log, "--sign-key", f"{key}.pub"]) == 1
    assert main(["log", "prune", log, "--before", "2999-01-01"]) == 1
    assert "is signed, but no key was given to sign the checkpoint [LOG_SIGNATURE_MISSING]" in capsys.readouterr().err
    assert main(["log", "prune", log, "--before", "2999-01-01", "--sign-key", key]) == 0
    assert "pruned 1 records, up to number 1; save the head 1:" in capsys.readouterr().out
    assert main(["log", "verify", log, "--key", f"{key}.pub"]) == 0
    assert main(["log", "prune", log, "--before", "2000-01-01"]) == 0
    assert "no record is older than the time in --before" in capsys.readouterr().out


def test_without_the_library(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("cryptography", "cryptography.hazmat.primitives.asymmetric"):
        monkeypatch.setitem(sys.modules, name, None)
    log = str(tmp_path / "log")
    for arguments in (["log", "keygen", "key"], [*DECIDE, "--log", log, "--sign-key", "key"]):
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "install `activenic[sign]`" in err
    assert not Path(log).exists()


def test_replay_says_what_differs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = str(filled(tmp_path / "log", 4))
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("the network was asked"))
    assert main(["replay", "--all", "--log", log]) == 0
    assert capsys.readouterr().out == "d-1: equal\nd-2: equal\nd-3: equal\nd-4: equal\n4 replayed: 4 equal\n"
    assert main(["log", "show", log, "d-1", "--output", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    document["record"]["result"]["hostActiveNic"] = "ens1"
    document["record"]["engine"]["version"] = "0.0.1"
    one = tmp_path / "one.json"
    one.write_text(json.dumps(document))
    assert main(["replay", str(one)]) == 8
    assert capsys.readouterr().out.splitlines() == [
        "d-1: another answer",
        '  at `/hostActiveNic`: recorded `"ens1"`, now `"bond0"`',
        f"  the engine had version `0.0.1`, now `{evaluator.__version__}`",
        "1 replayed: 1 another answer",
    ]
    assert main(["replay", str(one), "--output", "json"]) == 8
    found = json.loads(capsys.readouterr().out)
    assert (found["decision_id"], found["class"], found["equal"], len(found["changes"])) == (
        *("d-1", "another answer"),
        *(False, 1),
    )


@pytest.mark.parametrize("name", EVIL, ids=ascii)
def test_names_break_no_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    report = {"nics": {name: {"addr": "192.0.2.10"}, "ens1": {"addr": "192.0.2.10"}}}
    decision = STRICT.decide(evaluator.read_report(report), HostAddresses.of("192.0.2.10"))
    with open_log(tmp_path / "log") as log:
        log.append(decision, {name: name})
    for arguments in (["list"], ["list", "--output", "jsonl"], ["show"], ["show", "--output", "json"], ["export"]):
        options = ["d-1"] if arguments[0] == "show" else []
        assert main(["log", arguments[0], str(tmp_path / "log"), *options, *arguments[1:]]) == 0
        out = capsys.readouterr().out
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in out.replace("\n", ""))
    assert main(["log", "list", str(tmp_path / "log"), "--label", f"{name}={name}"]) == 0
    assert "d-1" in capsys.readouterr().out
    test = tmp_path / "evil.test.yaml"
    assert main(["record-test", "d-1", "--log", str(tmp_path / "log"), "--to", str(test)]) == 0
    assert main(["test", str(test)]) == 0


def test_pipes_and_interruptions(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = '"$0" -m evaluator log export "$1" | true; echo ${PIPESTATUS[0]}'
    command = ["bash", "-c", script, sys.executable, shared]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout in ("141\n", "0\n"), done.stderr) == (True, "")
    full = subprocess.run(
        ["bash", "-c", '"$0" -m evaluator log export "$1" > /dev/full', sys.executable, shared],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (full.returncode, "no space left" in full.stderr, "Traceback" in full.stderr) == (1, True, False)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DecisionLog, "verify", interrupt)
    assert main(["log", "verify", shared]) == 130


def test_verify_shows_progress_on_a_terminal(shared: str) -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "evaluator", "log", "verify", shared]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=follower, check=False)
    os.close(follower)
    with closing(os.fdopen(leader, "rb", buffering=0)) as terminal:
        assert b"8/8" in terminal.read(10_000)
    assert done.returncode == 0
    assert run("log", "verify", shared).stderr == ""


CAPTURES = sorted((ROOT / "tests" / "captures").glob("*/*"))
REPORTS = {
    "vdsm": ("vdsm.json",),
    "iproute2": ("ip-addr.json", "ip-addr-nodetail.json"),
    "nmstate": ("nmstate.yaml", "nmstate.json"),
    "ansible": ("ansible.json",),
}


def _captured() -> list[tuple[Path, str]]:
    return [
        (folder / name, folder.parent.name)
        for folder in CAPTURES
        for name in REPORTS[folder.parent.name]
        if (folder / name).exists()
    ]


@pytest.mark.parametrize(("path", "format_"), _captured(), ids=lambda v: v.parent.name if isinstance(v, Path) else v)
def test_any_real_host_becomes_a_test(tmp_path: Path, path: Path, format_: str) -> None:
    report = evaluator.read_report(path, format_)
    owned = [str(address) for link in report.facts.links for address in link.addresses]
    questions = (("strict", owned[:1]), ("ovirt-engine", owned[::-1]), ("last-client-iface", []))
    for name, addresses in questions:
        decision = evaluator.load_policy(name).decide(report, HostAddresses.of(*addresses))
        case = record_case(make_record(decision, "d-1", WHEN, {}, evaluator.__version__), None)
        (tmp_path / "a.test.yaml").write_text(case.text, encoding="utf-8")
        (result,) = run_case_file(tmp_path / "a.test.yaml")
        assert result.differences == ()
        assert case.other_files == {}


def test_a_looked_up_name_becomes_a_test(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def half(query: Any, _: str) -> bytes:
        is_a = query.question[0].rdtype.name == "A"
        records = [f"n.lab.test. 60 IN A 192.0.2.{i}" for i in (77, 10)] if is_a else []
        return answer(query, *records, rcode="NOERROR" if is_a else "SERVFAIL").to_wire()

    def none(query: Any, _: str) -> bytes:
        return answer(query, rcode="SERVFAIL").to_wire()

    log = str(tmp_path / "log")
    for number, (script, options, status) in enumerate(
        (
            (half, [], 0),
            (half, ["--require-complete"], 6),
            (half, ["--policy", "ovirt-engine"], 5),
            (none, [], 6),
        )
    ):
        with scripted_server(script) as server:
            asked = ["--host", "n.lab.test", "--dns-server", server, "--dns-timeout", "60"]
            assert main(["decide", BOND, *asked, *options, "--log", log, "--output", "json"]) == status
        capsys.readouterr()
        assert main(["log", "list", log, "--output", "jsonl", "--limit", "1"]) == 0
        one = json.loads(capsys.readouterr().out)["decision_id"]
        test = tmp_path / f"{number}.test.yaml"
        assert main(["record-test", one, "--log", log, "--to", str(test)]) == 0
        assert main(["test", str(test)]) == 0
        capsys.readouterr()
    assert main(["replay", "--all", "--log", log]) == 0


MINE = "policy: mine\nrules:\n  - name: any\n    rule: match nic when nic.addresses overlaps host.addresses\n"


def test_what_a_test_file_cannot_hold_stands_beside_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"nics": {"ens1": {"addr": "192.0.2.10"}}, "note": "x" * 200_000}))
    policy = tmp_path / "mine.yaml"
    policy.write_text(MINE)
    log = str(tmp_path / "log")
    assert main(["decide", str(report), "--address", "192.0.2.10", "--policy", str(policy), "--log", log]) == 0
    capsys.readouterr()
    main(["log", "list", log, "--output", "jsonl"])
    one = json.loads(capsys.readouterr().out)["decision_id"]
    assert main(["record-test", one, "--log", log]) == 1
    assert "give a file with `--write-tests`" in capsys.readouterr().err
    to = tmp_path / "new" / "kept.test.yaml"
    to.parent.mkdir()
    assert main(["record-test", one, "--log", log, "--to", str(to)]) == 0
    assert {file.name for file in to.parent.iterdir()} == {"kept.test.yaml", "kept.report.json", "kept.policy.yaml"}
    assert (to.parent / "kept.report.json").read_bytes() == report.read_bytes()
    assert main(["test", str(to)]) == 0
    assert main(["record-test", one, "--log", log, "--to", str(to)]) == 1
    assert "file exists" in capsys.readouterr().err
    changed = tmp_path / "changed.test.yaml"
    assert main(["record-test", one, "--log", log, "--policy", "strict", "--to", str(changed)]) == 0
    assert main(["test", str(changed)]) == 8  # another policy has other rules, and says so


def test_formats_in_a_test_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.test.yaml"
    entry = "{ifname: ens1, addr_info: [{family: inet, local: 192.0.2.10, prefixlen: 24}]}"
    text = "policy: strict\ntests:\n  - {name: a, %s, host: 192.0.2.10, want: resolved ens1}\n"
    for given, status, said in (
        (f"report: [{entry}]", 0, "1 passed"),
        (f"report: [{entry}], format: iproute2", 0, "1 passed"),
        (f"report: [{entry}], format: auto", 0, "1 passed"),
        (f"report: [{entry}], format: vdsm", 8, "refused"),
        (f"report: [{entry}], format: iprout2", 8, "did you mean `iproute2`?"),
        ("given: ens1 has 192.0.2.10/24, format: vdsm", 8, "`format` is only allowed with `report` or `text`"),
        ('text: \'{"nics": {"ens1": {"addr": "192.0.2.10"}}, "load": 1.5}\'', 0, "1 passed"),
        ('text: "{}", report: {}', 8, "a test must have exactly one of `given`, `report` and `text`"),
        ('text: "{"', 8, "the report is not JSON"),
    ):
        path.write_text(text % given)
        assert main(["test", str(path)]) == status
        assert said in "".join(capsys.readouterr())


def test_a_log_is_a_database_that_others_can_read(shared: str) -> None:
    with closing(plain(Path(shared))) as connection:
        assert connection.execute("SELECT count(*) FROM entry WHERE status = 'resolved'").fetchone() == (2,)
