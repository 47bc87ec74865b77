"""The help of each command: its examples run, and a shell completes its arguments."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from evaluator.cli.examples import examples_of
from evaluator.cli.main import main
from evaluator.cli.parser import COMMANDS, full_parser
from evaluator.testing.terse_topology import read_topology

SCRIPTS = sysconfig.get_path("scripts")
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("ACTIVENIC_")},
    "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
    "COLUMNS": "80",
}
POLICY = """policy: mine
extends: strict
rules:
  - name: not-bond0
    before: one-interface
    rule: discard nic when nic.name = "bond0"
"""
TESTS = """policy: mine.yaml
tests:
  - name: bond0 is never the answer
    given: bond0 over ens1, ens2 has 192.0.2.10/24
    host: 192.0.2.10
    want: no_match
  - {name: another bond is, given: bond1 over ens1 has 192.0.2.10/24, host: 192.0.2.10, want: resolved bond1}
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the files that the examples name."""
    folder = tmp_path_factory.mktemp("examples")
    report = read_topology("bond0 over ens1, ens2 has 192.0.2.10/24")
    (folder / "report.json").write_text(json.dumps(report))
    (folder / "node8.json").write_text(json.dumps(read_topology("ens1 has 192.0.2.11/24")))
    (folder / "hosts.txt").write_text("192.0.2.10 node7.example.org\n")
    (folder / "questions.jsonl").write_text(json.dumps({"report": report, "addresses": ["192.0.2.10"]}) + "\n")
    (folder / "racks").mkdir()
    shutil.copy(folder / "report.json", folder / "racks" / "node7.json")
    (folder / "racks.csv").write_text("id,addresses\nnode7,192.0.2.10\n")
    (folder / "mine.yaml").write_text(POLICY)
    (folder / "mine.test.yaml").write_text(TESTS)
    run(folder, "activenic decide report.json --address 192.0.2.10 --log decisions.log > first.txt")
    return folder


def run(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", line]
    return subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def logged_id(folder: Path) -> str:
    (last,) = (folder / "first.txt").read_text().splitlines()[-1:]
    return last.removeprefix("decision: ")


@pytest.mark.volume
def test_the_examples_of_the_service_run_until_they_are_stopped(prepared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(prepared, folder)
    for example in examples_of("serve"):
        command = ["bash", "-c", f"exec {example.line} --drain 0"]
        with subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as service:
            assert service.stderr is not None
            assert service.stderr.readline().startswith("activenic serves on ")
            service.terminate()
            assert service.wait(30) == 0, service.stderr.read()


@pytest.mark.volume
@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "serve"])
def test_the_examples_run(prepared: Path, tmp_path: Path, command: str) -> None:
    folder = tmp_path / "work"
    shutil.copytree(prepared, folder)
    assert examples_of(command)
    for example in examples_of(command):
        line = example.line.replace("d-1", logged_id(folder))
        done = run(folder, line)
        assert (done.returncode, done.stderr) == (example.status, done.stderr), (line, done.stderr)
        assert command in example.line
        writes_a_file = any(part in line for part in (" > ", "--write-tests", "--out "))
        if not writes_a_file and command not in ("fmt", "lsp"):
            assert done.stdout, line
    tests = run(folder, "activenic test .")
    assert tests.returncode == 0, tests.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_prints_them(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([command, "--help"])
    assert exit_.value.code == 0
    text = capsys.readouterr().out
    for example in examples_of(command):
        assert f"\n  {example.line}\n      {example.meaning}\n" in text


def test_every_argument_has_a_help_text() -> None:
    """Also those of the actions of a command."""
    pending = [full_parser()]
    while pending:
        parser = pending.pop()
        for action in parser._actions:
            if hasattr(action, "choices") and isinstance(action.choices, dict):
                pending.extend(action.choices.values())
            else:
                assert action.help, (parser.prog, action)


COMPLETIONS = [
    ("activenic de", {"decide"}),
    ("activenic decide --pol", {"--policy", "--policy-path"}),
    ("activenic decide --policy st", {"strict"}),
    ("activenic decide --policy mi", {"mine.yaml", "mine.test.yaml"}),
    ("activenic decide --output ", {"text", "json", "html", "name"}),
    ("activenic log ver", {"verify"}),
    ("activenic decide rep", {"report.json"}),
    ("activenic completion ", {"bash", "zsh", "fish"}),
]
IN_BASH = """
source <(activenic completion bash)
words=({line}); [[ "{line}" == *" " ]] && words+=("")
COMP_LINE="{line}" COMP_WORDS=("${{words[@]}}") COMP_CWORD=$((${{#words[@]}} - 1))
_shtab_activenic activenic "${{COMP_WORDS[COMP_CWORD]}}" 2> /dev/null
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
IN_FISH = 'activenic completion fish | source; complete -C "{line}"'
# zsh completes in a terminal only: this one is made by its module zpty, and a Tab is typed into it
IN_ZSH = r"""
zmodload zsh/zpty
zpty shell 'zsh -f -i'
say() {{ zpty -w shell "$1" }}
say "PS1=; fpath=($PWD/functions \$fpath); autoload -Uz compinit; compinit -D -u; setopt NO_ALWAYS_LAST_PROMPT"
say "zstyle ':completion:*' list-separator '#'; LISTMAX=0; stty columns 60; echo rea''dy"
zpty -r shell output '*ready*'
zpty -n -w shell "{line}"$'\C-d'$'\t\t'
sleep 2
while zpty -r -t shell part; do output+="$part"; done
print -r -- "$output"
"""


@pytest.mark.parametrize(("line", "words"), COMPLETIONS)
def test_bash_completes(prepared: Path, line: str, words: set[str]) -> None:
    assert set(run(prepared, IN_BASH.format(line=line)).stdout.split()) == words


@pytest.mark.system
@pytest.mark.parametrize(("line", "words"), COMPLETIONS)
def test_fish_completes(prepared: Path, line: str, words: set[str]) -> None:
    done = subprocess.run(
        ["fish", "-c", IN_FISH.format(line=line)],
        cwd=prepared,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {text.split("\t")[0] for text in done.stdout.splitlines()} >= words


@pytest.mark.system
@pytest.mark.parametrize(("line", "words"), COMPLETIONS)
def test_zsh_completes(prepared: Path, line: str, words: set[str]) -> None:
    functions = prepared / "functions"
    functions.mkdir(exist_ok=True)
    run(prepared, "activenic completion zsh > functions/_activenic")
    done = subprocess.run(
        ["zsh", "-f", "-c", IN_ZSH.format(line=line)],
        cwd=prepared,
        env={**ENVIRONMENT, "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=True,
    )
    shown = done.stdout.split("ready")[-1]
    assert all(word in shown for word in words), done.stdout
