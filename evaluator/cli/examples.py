"""The examples of each command. `--help` and the manual page print these examples. A test runs every line.

The lines of one command are run in order, in a folder with these files:

- `report.json` and `node8.json`: reports
- `hosts.txt`: a hosts file
- `questions.jsonl`: a corpus
- `racks` and `racks.csv`: a folder of reports, and a table with the addresses of the hosts
- `mine.yaml` and `mine.test.yaml`: a policy and its tests
- `decisions.log`: a log with the decision `d-1`
"""

from __future__ import annotations

from msgspec import Struct


class Example(Struct, frozen=True):
    """A command line with its meaning. `status` is the exit status of the command."""

    line: str
    meaning: str
    status: int = 0


_EXAMPLES: dict[str, tuple[Example, ...]] = {
    "decide": (
        Example("activenic decide report.json --address 192.0.2.10", "decide for a known address"),
        Example(
            "activenic decide report.json --host node7.example.org --hosts hosts.txt --output name",
            "print only the name of the interface; the addresses of the host are in a hosts file",
        ),
        Example(
            "activenic decide - --address 192.0.2.10 --output json < report.json",
            "read the report from standard input and print the decision document",
        ),
        Example(
            "activenic decide report.json --address 192.0.2.10 --log decisions.log --label change=1234",
            "append the decision to a log before it is printed",
        ),
    ),
    "explain": (
        Example("activenic explain report.json --address 192.0.2.10", "explain the decision for every interface"),
        Example(
            "activenic explain report.json --address 192.0.2.10 --interface ens1 -v",
            "explain one interface, with the clauses that decided and the values in them",
        ),
        Example("activenic explain report.json --address 192.0.2.10 --output html > page.html", "write a page"),
        Example("activenic explain d-1 --log decisions.log", "explain a logged decision"),
    ),
    "collect": (Example("activenic collect > this-machine.json", "save the report of this machine"),),
    "check": (
        Example("activenic check mine.yaml", "report every mistake in a policy"),
        Example("activenic check --strict mine.yaml strict", "treat warnings as errors"),
        Example("activenic check '*.yaml' --output sarif", "check the policies of a glob and write a document for CI"),
        Example("activenic check --fix mine.yaml", "apply the safe fixes; with `--diff`, only print them"),
        Example(
            "activenic check --for iproute2 mine.yaml", "report the words that have no value in an iproute2 report"
        ),
        Example("activenic check --explain GLOB_NOT_USED", "explain a diagnostic code"),
    ),
    "diff": (
        Example(
            "activenic diff strict mine.yaml --corpus questions.jsonl",
            "count the answers that differ between two policies",
        ),
        Example(
            "activenic diff strict mine.yaml --corpus report.json --address 192.0.2.10 --exit-code",
            "exit with 8 if the answer for at least one host changes",
            8,
        ),
        Example(
            "activenic diff strict mine.yaml --log decisions.log --output markdown",
            "compare two policies on the questions in a log",
        ),
        Example(
            "activenic diff ovirt-engine strict --proof --size 2 --param management_vlan=0",
            "for each kind of change, print the smallest host with this change, or prove that no host has it",
        ),
    ),
    "fmt": (
        Example("activenic fmt mine.yaml", "format the sentences of a policy"),
        Example("activenic fmt --check .", "exit with 8 if a policy below this folder is not formatted"),
        Example(
            "activenic fmt --diff - < mine.yaml",
            "print the changes that formatting would make in a text from standard input",
        ),
    ),
    "test": (
        Example("activenic test mine.test.yaml", "run the tests in one file"),
        Example(
            "activenic test -v --run '*bond*' .",
            "run the tests with matching names below this folder, and print each test",
        ),
        Example(
            "activenic test --coverage --threshold 20",
            "list rules and clauses without a test; exit with 8 if the coverage is less than 20 %",
        ),
        Example("activenic test --generate keep-management > first.test.yaml", "write tests of a policy"),
        Example("activenic test --output junit > results.xml", "write the results for a CI system"),
    ),
    "verify": (
        Example(
            "activenic verify strict --property one-candidate --property not-over-a-bridge",
            "prove two properties of a shipped policy for every host",
        ),
    ),
    "mutate": (
        Example(
            "activenic mutate keep-management",
            "change the policy in many small ways; exit with 8 if no test fails after one of the changes",
        ),
        Example("activenic mutate mine.yaml --write-tests mine.test.yaml", "append the tests that are missing"),
    ),
    "new": (
        Example("activenic new my-site", "create the folder my-site with a policy that extends strict"),
        Example("activenic new my-policy --from empty", "create a policy without a base policy"),
        Example(
            "activenic new --test node8.json --address 192.0.2.11 --policy mine.yaml --write-tests mine.test.yaml",
            "append a test that expects today's decision for a report",
        ),
    ),
    "lsp": (
        Example("activenic lsp", "run the language server; the editor starts this command"),
        Example("activenic lsp --policy-path policies", "also find the policies that are in the folder `policies`"),
    ),
    "policies": (
        Example("activenic policies list", "list the shipped policies"),
        Example("activenic policies show strict > copy.yaml", "save the text of a shipped policy"),
        Example("activenic policies show --expanded mine.yaml", "print a policy with everything that it inherits"),
    ),
    "log": (
        Example("activenic log list decisions.log --status resolved --limit 5", "list the newest decisions"),
        Example("activenic log show decisions.log d-1", "print one record"),
        Example("activenic log verify decisions.log", "verify that no record was changed or removed"),
        Example("activenic log export decisions.log > export.jsonl", "export all records"),
    ),
    "replay": (
        Example("activenic replay --all --log decisions.log", "re-evaluate all decisions of a log"),
        Example("activenic replay d-1 --log decisions.log", "re-evaluate one decision"),
    ),
    "record-test": (
        Example("activenic record-test d-1 --log decisions.log > site.test.yaml", "write a test of a logged decision"),
        Example(
            "activenic record-test d-1 --log decisions.log --write-tests site.test.yaml",
            "append a test to a file, or create the file",
        ),
    ),
    "fleet": (
        Example(
            "activenic fleet decide questions.jsonl --policy mine.yaml --out result.parquet",
            "decide every question of a file and write a table with one row for each question",
        ),
        Example(
            "activenic fleet decide racks --addresses racks.csv --out result.parquet --findings",
            "decide every report in a folder; racks.csv contains the addresses of the hosts",
        ),
        Example("activenic fleet decide decisions.log --out again.parquet", "decide the questions of a log again"),
        Example("activenic fleet summary result.parquet", "count the hosts by status, finding, label and more"),
        Example("activenic fleet summary result.parquet --output html > fleet.html", "write a page with charts"),
        Example(
            "activenic fleet summary again.parquet --output html --pages pages --inputs decisions.log",
            "write a page with charts, and one page for each host, into a new folder",
        ),
        Example(
            "activenic fleet diff strict mine.yaml questions.jsonl",
            "count the hosts of a fleet for which two policies give different answers",
        ),
    ),
    "serve": (
        Example("activenic serve --policies mine.yaml", "serve a policy and the shipped policies on 127.0.0.1"),
        Example(
            "activenic serve --unix service.sock --log decisions.log",
            "serve on a Unix socket and append each decision to a log",
        ),
    ),
    "completion": (
        Example("activenic completion bash > activenic.bash", "save the completion script; source it in ~/.bashrc"),
        Example(
            "activenic completion zsh > _activenic",
            "save the completion script for zsh; put it into a folder of $fpath",
        ),
        Example(
            "activenic completion fish > activenic.fish",
            "save the completion script for fish; put it into ~/.config/fish/completions",
        ),
    ),
}


def examples_of(command: str) -> tuple[Example, ...]:
    """Return the examples of a command."""
    return _EXAMPLES[command]
