"""The command: exit statuses, what goes to which stream, and names that try to break a terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from evaluator import __version__
from evaluator.cli.main import main
from evaluator.testing.terse_topology import read_topology

ROOT = Path(__file__).parents[2]
BOND = str(ROOT / "policies" / "examples" / "bond.json")
DECIDE = ["decide", BOND, "--address", "192.0.2.10"]


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write_file(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write_file


def _terse(text: str) -> str:
    return json.dumps(read_topology(text))


@pytest.mark.parametrize(
    ("links", "addresses", "status", "exit_status"),
    [
        ("ens1 has 192.0.2.10/24", ["192.0.2.10"], "resolved", 0),
        ("br0 over ens1 has 192.0.2.10/24", ["192.0.2.10"], "rejected", 3),
        ("ens1 has 192.0.2.10/24; ens2 has 192.0.2.10/24", ["192.0.2.10"], "ambiguous", 4),
        ("ens1 has 192.0.2.10/24", ["192.0.2.11"], "no_match", 5),
    ],
)
def test_each_status_has_its_exit_status(
    write: Any, capsys: pytest.CaptureFixture[str], links: str, addresses: list[str], status: str, exit_status: int
) -> None:
    report = write("report.json", _terse(links))
    options = [part for address in addresses for part in ("--address", address)]
    assert main(["decide", report, *options, "--output", "json"]) == exit_status
    out, err = capsys.readouterr()
    assert json.loads(out)["status"] == status
    assert err == ""
    assert main(["decide", report, *options]) == exit_status
    out, err = capsys.readouterr()
    assert out.startswith(f"{status}: ")
    if status == "rejected":
        assert out.startswith("rejected: br0, because it is a bridge over ens1, and ")
    else:
        assert out.splitlines()[1].startswith("  because ") or out.startswith("no_match: no host address was given\n")
    assert main(["decide", report, *options, "--output", "name"]) == exit_status
    assert capsys.readouterr().out == ("ens1\n" if status == "resolved" else "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"nonsense", "REPORT_NOT_JSON"),
        (b"", "REPORT_EMPTY"),
        (b"[5]", "REPORT_NOT_RECOGNISED"),
        (b'{"nics": {}, "nics": {}}', "REPORT_DUPLICATE_KEY"),
        (b'{"nics": {"a": {"addr": 1}}}', "/nics/a/addr"),
        (b'{"nics": {"a": {"speed": NaN}}}', "REPORT_NOT_JSON"),
        (b'{"nics": {"\xff": {}}}', "REPORT_NOT_JSON"),
    ],
)
def test_a_bad_report(write: Any, capsys: pytest.CaptureFixture[str], content: bytes, said: str) -> None:
    path = write("report.json", content)
    assert main(["decide", path, "--address", "192.0.2.10"]) == 7
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert path in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "exit_status", "said"),
    [
        (["decide", "missing.json", "--address", "192.0.2.10"], 7, "no such file"),
        (["decide", "/", "--address", "192.0.2.10"], 7, "is a directory"),
        (["decide", BOND, "--address", "192.0.2"], 2, "is not a valid IP address"),
        (["decide", BOND, "--address", "192.0.2.010", "--address", "x"], 2, "`x` is not a valid IP address"),
        (["decide", BOND, "--host", "node7:80"], 2, "has a port"),
        (["decide", BOND, "--host", "node7", "--dns-server", "ns1"], 2, "`ns1` is not a valid name server"),
        (["decide", BOND, "--host", "node7", "--dns-timeout", "0"], 2, "timeout"),
        (["decide", BOND, "--host", "node7", "--hosts", "missing"], 2, "no such file"),
        (["decide", BOND, "--host", ""], 2, "empty"),
        ([*DECIDE, "--policy", "strickt"], 8, "did you mean `strict`"),
        ([*DECIDE, "--policy", "missing.yaml"], 8, "no such file"),
        ([*DECIDE, "--param", "management_vlan=x"], 2, "expected an integer of at most 18 digits, found `x`"),
        ([*DECIDE, "--param", "management_vlam=1"], 2, "did you mean `management_vlan`"),
        ([*DECIDE, "--param", "management_vlan"], 2, "expected `name=value`, found `management_vlan`"),
        (["check", "missing.yaml"], 8, "no such file"),
        (["test", "missing.test.yaml"], 8, "no such file"),
        (["test", str(ROOT / "schemas")], 8, "no tests in"),
        (["policies", "show", "none"], 8, "unknown policy `none`"),
    ],
)
def test_what_cannot_be_asked(
    capsys: pytest.CaptureFixture[str], arguments: list[str], exit_status: int, said: str
) -> None:
    assert main(arguments) == exit_status
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["decide"],
        ["decide", BOND, "--live"],
        ["decide", BOND, "--netns", "a"],
        ["decide", "--live", "--route", BOND],
        ["decide", "--live", "--format", "vdsm"],
        ["decide", BOND, "--host", "192.0.2.10", "--address", "192.0.2.10"],
        ["decide", BOND, "--output", "xml"],
        ["decide", BOND, "--pol", "strict"],
        ["nothing"],
        ["policies"],
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: activenic" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"activenic {__version__}\n"


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(BOND).read_bytes())))
    assert main(["decide", "-", "--host", "192.0.2.10", "--output", "name"]) == 0
    assert capsys.readouterr().out == "bond0\n"


def test_parameters_reach_the_policy(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    report = write("report.json", _terse("ens1.5 on ens1 has 192.0.2.10/24"))
    options = ["--address", "192.0.2.10", "--param", "management_vlan=6", "--param", "management_network=mgmt"]
    assert main(["decide", report, *options, "--output", "json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["policy"]["parameters"] == {"management_network": "mgmt", "management_vlan": 6}


EVIL = [
    "\x1b[31mred",
    "a\u202eb",
    "[bold]x[/bold]",
    "{nic.name}",
    "a\nb",
    "back\\slash",
    "\x00",
    "z" * 200,
    "日本",
    "e\u0301",
]


@pytest.mark.parametrize("output", ["text", "json", "name"])
@pytest.mark.parametrize("name", EVIL, ids=ascii)
def test_a_name_breaks_neither_terminal_nor_json(
    write: Any, capsys: pytest.CaptureFixture[str], name: str, output: str
) -> None:
    document = read_topology("ens1 has 192.0.2.10/24; bond0 over ens2; br0 over ens3")
    nics = document["nics"]
    assert isinstance(nics, dict)
    nics[name] = {"addr": "192.0.2.11", "ipv4addrs": ["192.0.2.11/24", name]}
    document["networks"] = {name: {"iface": name, "bridged": False}}
    report = write("report.json", json.dumps(document))
    assert main(["decide", report, "--address", "192.0.2.11", "--output", output]) in (0, 3)
    out, err = capsys.readouterr()
    assert err == ""
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in out.replace("\n", ""))
    if output == "json":
        assert json.loads(out)["owners"] == [name]
    elif output == "name":
        assert out.count("\n") <= 1
    elif name.startswith("["):
        assert name in out


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_text_fits_its_width(columns: int) -> None:
    environment = {**os.environ, "COLUMNS": str(columns), "NO_COLOR": "1"}
    report = str(ROOT / "tests" / "captures" / "vdsm" / "16-bridge-on-vlan-on-bond" / "vdsm.json")
    command = [sys.executable, "-m", "evaluator", "decide", report, "--address", "192.0.2.10"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 3
    assert max(map(len, lines[2:])) <= columns
    assert not any(line != line.rstrip() for line in lines)


def test_ascii_terminals_and_closed_pipes() -> None:
    command = [sys.executable, "-m", "evaluator", "decide", BOND, "--address", "192.0.2.10"]
    plain = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=plain, capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stdout.isascii()
    piped = subprocess.run(
        ["bash", "-c", '"$@" | true; echo ${PIPESTATUS[0]}', "-", *command, "--output", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert piped.stdout in ("141\n", "0\n")
    assert piped.stderr == ""


def test_check(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "strict", "ovirt-engine"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert "worst cost n² (top-link-layer), independent of order" in out[0]
    assert "depends on order because of host.first_address, nic.position, nic.primary_addresses" in out[1]
    bad = write("bad.yaml", "policy: bad\nrules:\n  - name: a\n    rule: mtch nic when nic.mtu > 1\n")
    assert main(["check", bad]) == 8
    out, err = capsys.readouterr()
    assert out == f"{bad}: 2 errors, 0 warnings\n"
    assert f"{bad}:4:11: error: unknown verb `mtch` [UNKNOWN_VERB]" in err
    assert "      rule: mtch nic when nic.mtu > 1\n            ^~~~\n  hint: did you mean `match`?" in err


IGNORING = """
policy: mine
parameters:
  ignored: {type: [string], default: []}
  vlan: {type: integer, optional: true}
rules:
  - name: a
    rule: match nic when nic.addresses overlaps host.addresses
  - name: b
    rule: discard nic when nic.name in ignored
  - name: c
    rule: reject nic when vlan is given and nic.vlan_id is known and nic.vlan_id != vlan
"""


def test_check_takes_warnings_as_errors(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    odd = write("odd.yaml", IGNORING + "  - name: d\n    rule: warn nic when nic is bond and nic is vlan\n")
    assert main(["check", odd]) == 0
    out, err = capsys.readouterr()
    assert "4 rules, 1 warning" in out
    assert ": warning: the rule `d` can never fire" in err
    assert main(["check", "--strict", odd, "strict"]) == 8
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == f"{odd}: 1 error, 0 warnings"
    assert "strict: ok" in out
    assert ": error: the rule `d` can never fire" in err
    assert main(["check", "--strict", "strict"]) == 0


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("ignored=docker0", ""),
        ("ignored=docker0,virbr*", "GLOB_NOT_USED"),
        ("ignored=d\u043ecker0", "LOOKALIKE_CHARACTER"),
        ("ignored=docker0\u200b", "INVISIBLE_CHARACTER"),
        ("ignored=docker0;virbr0", "LIST_IN_TEXT"),
        ("vlan=100", ""),
        ("vlan=5000", "PARAMETER_NEVER_EQUAL"),
    ],
)
def test_values_of_parameters_are_checked(
    value: str, code: str, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = write("mine.yaml", IGNORING)
    assert main(["check", mine, "--param", value]) == 0
    assert f"[{code}]" in (capsys.readouterr().err or "[]")
    assert main(["decide", BOND, "--address", "192.0.2.10", "--policy", mine, "--param", value]) in (0, 3, 5)
    assert f"[{code}]" in (capsys.readouterr().err or "[]")


def test_test_fails_on_differences_and_mistakes(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    good = (
        "policy: strict\ntests:\n  - {name: a, given: ens1 has 192.0.2.10/24, host: 192.0.2.10, want: resolved ens1}\n"
    )
    assert main(["test", write("good.test.yaml", good)]) == 0
    assert capsys.readouterr().out.endswith("1 passed, 0 failed\n")
    assert main(["test", write("wrong.test.yaml", good.replace("resolved ens1", "resolved ens2"))]) == 8
    out = capsys.readouterr().out
    assert "expected the interface ens2, got ens1" in out
    assert "0 passed, 1 failed" in out
    for mistake, said in (
        ("resolved ens1 NO_SUCH_CODE", "unknown finding code `NO_SUCH_CODE`"),
        ("resolvd ens1", "did you mean `resolved`?"),
        ("{status: resolved, fired: [one-interfac]}", "did you mean `one-interface`?"),
        ("{status: resolved, finding: []}", "unknown key `finding`"),
    ):
        assert main(["test", write("mistake.test.yaml", good.replace("resolved ens1", mistake))]) == 8
        assert said in capsys.readouterr().err
    for text, said in (
        ("policy: strict\ntests: []\n", "expected at least one entry"),
        (good.replace("policy: strict\n", ""), "missing policy"),
        (good.replace("strict", "strickt"), "unknown policy `strickt`"),
        (good.replace("ens1 has", "ens1 hass"), "did you mean `has`?"),
        (good.replace("host: 192.0.2.10", "host: node7"), "does not appear to be"),
        (good.replace("given", "report"), "no such file"),
        (good.replace("given: ens1 has 192.0.2.10/24, ", ""), "exactly one of `given`, `report` and `text`"),
    ):
        assert main(["test", write("mistake.test.yaml", text)]) == 8
        assert said in capsys.readouterr().err


def test_policies(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policies", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "keep-management",
        "last-client-iface",
        "ovirt-engine",
        "route-to-engine",
        "strict",
    ]
    assert main(["policies", "show", "strict"]) == 0
    assert capsys.readouterr().out == (ROOT / "policies" / "strict.yaml").read_text()


def test_closed_streams_end_without_a_traceback() -> None:
    for redirection, status in (("<&-", 7), (">&-", 1), ("2>&-", 7)):
        report = "-" if redirection == "<&-" else BOND if redirection == ">&-" else "missing.json"
        script = f'"$0" -m evaluator decide {report} --address 192.0.2.10 {redirection}'
        done = subprocess.run(["bash", "-c", script, sys.executable], capture_output=True, text=True, check=False)
        assert (redirection, done.returncode) == (redirection, status)
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


@pytest.mark.parametrize("columns", ["0", "1"])
def test_a_terminal_without_width_is_taken_for_eighty_columns(columns: str) -> None:
    environment = {**os.environ, "COLUMNS": columns, "FORCE_COLOR": "1"}
    command = [sys.executable, "-m", "evaluator", "decide", BOND, "--address", "192.0.2.10"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "the hostActiveNic" in done.stdout
    assert "\x1b" in done.stdout


def test_text_output_to_a_closed_pipe() -> None:
    script = '"$0" -m evaluator decide "$1" --address 192.0.2.10 | true; echo ${PIPESTATUS[0]}'
    done = subprocess.run(["bash", "-c", script, sys.executable, BOND], capture_output=True, text=True, check=False)
    assert done.stdout in ("141\n", "0\n")
    assert done.stderr == ""


def test_a_policy_with_many_warnings_is_usable(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    rules = "".join(
        f"  - name: r{i}\n    rule: match nic when nic.addresses overlaps host.addresses\n" for i in range(150)
    )
    path = write("many.yaml", f"policy: many\nrules:\n{rules}")
    assert main(["check", path]) == 0
    out, err = capsys.readouterr()
    assert "TOO_MANY_PROBLEMS" in err
    assert "101 warnings" in out


def test_a_name_too_long_for_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*DECIDE, "--policy", "x" * 300]) == 8
    assert "unknown policy" in capsys.readouterr().err


def test_report_keys_reach_no_terminal_raw(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    report = write("report.json", json.dumps({"nics": {"\x1b[31mX\u202e": {"addr": 1}}}))
    assert main(["decide", report, "--address", "192.0.2.10"]) == 7
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert "\u202e" not in err


@pytest.mark.parametrize(
    "want",
    ["{status: refused, fired: [x]}", "refused NO_SUCH_CODE", "{status: refused, findings: [NO_SUCH_CODE]}"],
)
def test_a_refusal_is_tested_for_the_right_reason(write: Any, want: str) -> None:
    text = f"policy: strict\ntests:\n  - {{name: a, report: {{}}, host: 192.0.2.10, want: {want}}}\n"
    assert main(["test", write("refused.test.yaml", text.replace("want: refused NO", "want: refused NO"))]) == 8


def test_a_modeline_names_the_schema_and_changes_no_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    """Without the option the bytes are those of the policy, so that its digest is the same."""
    assert main(["policies", "show", "strict"]) == 0
    plain = capsys.readouterr().out
    assert main(["policies", "show", "strict", "--modeline"]) == 0
    first, _, text = capsys.readouterr().out.partition("\n")
    assert text == plain
    prefix, _, schema = first.partition("$schema=")
    assert prefix == "# yaml-language-server: "
    assert json.loads(Path(schema).read_text(encoding="utf-8"))["title"]
