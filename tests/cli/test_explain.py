"""`activenic explain` as text: which interfaces it explains, and how much it prints about each.

The cases are in explain.txt: a host, the arguments, the exit status and the whole text.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evaluator.base.text import visible
from evaluator.cli.main import main
from evaluator.testing.terse_topology import read_topology

CASES = re.findall(
    r"^=== (?P<title>.+)\n(?P<host>.+)\n\$ (?P<arguments>.+)\n(?P<text>(?:(?!===).*\n)*?)\[exit (?P<exit>\d+)\]$",
    Path(__file__).with_name("explain.txt").read_text(encoding="utf-8"),
    re.M,
)


def write_host(folder: Path, host: str) -> str:
    path = folder / "report.json"
    path.write_text(json.dumps(read_topology(host)))
    return str(path)


@pytest.mark.parametrize(
    ("host", "arguments", "text", "status"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str, arguments: str, text: str, status: str
) -> None:
    assert main(["explain", write_host(tmp_path, host), *arguments.split()]) == int(status)
    assert capsys.readouterr().out == text


MANY = "; ".join(f"ens{at} has 198.51.100.{at}/24" for at in range(45))


@pytest.mark.parametrize(
    ("arguments", "paragraphs", "changes"),
    [([], 2, 0), (["--all"], 2, 1), (["-v"], 1, 0), (["--all", "-v"], 45, 44), (["--interface", "ens9"], 1, 1)],
)
def test_a_large_host(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], paragraphs: int, changes: int
) -> None:
    """Without --all, the text has changes of candidates and owners only: here of the answer, which has no change."""
    assert main(["explain", write_host(tmp_path, MANY), "--address", "198.51.100.7", *arguments]) == 0
    text = capsys.readouterr().out
    assert len(re.findall(r"^ens\d", text, re.M)) == paragraphs
    assert text.count("would be the hostActiveNic") == changes


def test_json_has_every_interface_with_its_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", write_host(tmp_path, MANY), "--address", "198.51.100.7", "--output", "json"])
    explanation = json.loads(capsys.readouterr().out)["explanation"]
    assert sum(interface["change"] is not None for interface in explanation["interfaces"]) == 44
    assert explanation["others"] == 0


def test_a_host_too_large_for_all_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = write_host(
        tmp_path, "; ".join(["bond0 has 192.0.2.10/24", *(f"e{at} has 10.0.0.1/8" for at in range(1001))])
    )
    assert main(["explain", host, "--address", "192.0.2.10"]) == 0
    assert "and 1,001 more interfaces, not shown" in capsys.readouterr().out


def test_json_and_page_of_some_interfaces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = write_host(tmp_path, "bond0 over a, b has 192.0.2.10/24")
    question = ["explain", host, "--address", "192.0.2.10", "--interface", "a", "--interface", "bond0", "-v"]
    assert main([*question, "--output", "json"]) == 0
    explanation = json.loads(capsys.readouterr().out)["explanation"]
    assert [interface["name"] for interface in explanation["interfaces"]] == ["a", "bond0"]
    assert explanation["others"] == 1
    assert main([*question, "--output", "html"]) == 0
    page = capsys.readouterr().out
    assert "Interfaces that are not part of the decision are not explained: 1 more interface." in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--interface", "bond1"], "the report has no interface `bond1` (did you mean `bond0`?)"),
        (["--interface", "zz", "--interface", "yy"], "the report has no interface `zz`, `yy`"),
        (["--interface", "bond0", "--all"], "give either `--interface` or `--all`"),
    ],
)
def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    host = write_host(tmp_path, "bond0 over a, b has 192.0.2.10/24")
    with pytest.raises(SystemExit) as exit_:
        main(["explain", host, "--address", "192.0.2.10", *arguments])
    assert exit_.value.code == 2
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[-1]) == ("", f"activenic explain: error: {message}")


@pytest.mark.parametrize("name", ["tab\there", "back\\slash", "\u202eltr", "\\x09", "plain"])
def test_an_interface_is_named_as_it_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    report = tmp_path / "report.json"
    nic = {"addr": "192.0.2.10", "ipv4addrs": ["192.0.2.10/24"]}
    report.write_text(json.dumps({"nics": {name: nic, "other": {}}}))
    question = ["explain", str(report), "--address", "192.0.2.10", "--output", "json", "--interface"]
    for text in (name, visible(name)):
        assert main([*question, text]) == 0
        explanation = json.loads(capsys.readouterr().out)["explanation"]
        assert [interface["name"] for interface in explanation["interfaces"]] == [name]
    assert main([*question[:4], "--change-as-test", visible(name)]) == 1
    assert "is the hostActiveNic already" in capsys.readouterr().err


def test_a_name_comes_before_a_printed_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"nics": {"\t": {}, "\\x09": {}}}))
    assert main(["explain", str(report), "--address", "192.0.2.1", "--output", "json", "--interface", "\\x09"]) == 5
    explanation = json.loads(capsys.readouterr().out)["explanation"]
    assert [interface["name"] for interface in explanation["interfaces"]] == ["\\x09"]
