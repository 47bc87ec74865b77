"""What `activenic verify` shows: counterexamples as drawings with their reasons, and everything that is assumed."""

import json
import re
from pathlib import Path

import pytest

from evaluator import load_policy
from evaluator.base.schema import violations
from evaluator.cli.main import main
from evaluator.engine import Policy
from evaluator.render.verdict_words import verdict_details
from evaluator.verify.abstractions import abstracted_words
from evaluator.verify.property import BUILT_IN, Claim, PropertyResult, ProvedUpTo, Unchanged
from evaluator.verify.prove import prove
from evaluator.verify.theory import LAWS

DOCS = Path(__file__).parents[2] / "docs" / "verify.md"
STATEMENTS = {one.name: one.statement for one in BUILT_IN if isinstance(one.statement, Claim | Unchanged)}
ENGINE = ["verify", "ovirt-engine", "-n", "2", "--property", "top-of-stack", "--property"]


def policy(condition: str, parameters: str = "") -> Policy:
    text = f"policy: small\n{parameters}rules:\n  - name: a\n    rule: {json.dumps(f'match nic when {condition}')}\n"
    return load_policy(text=text)


def test_the_example_of_the_docs_is_printed(capsys):
    assert main([*ENGINE, "unowned-answer-changes-nothing"]) == 0
    printed = re.sub(r"\(\d+\.\d s\)", "(0.1 s)", capsys.readouterr().out)
    blocks = re.findall(r"```text\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    examples = [block for block in blocks if "false, as expected" in block]
    assert len(examples) == 1
    for line in examples[0].splitlines():
        assert line.strip() in printed, line
    assert "192.0.2.40 (added), 192.0.2.10 with" in printed


def test_the_reasons_of_every_interface_are_printed_in_detail(capsys):
    assert main([*ENGINE, "top-of-stack", "-v"]) == 0
    printed = capsys.readouterr().out
    assert "vlan1  vlan, owns 192.0.2.10, on top of nic0" in printed
    assert "then-nics: preferred, because this is true: nic is physical" in printed


def test_the_document_has_the_host_its_reasons_and_the_clause(capsys):
    assert main([*ENGINE, "unowned-answer-changes-nothing", "--output", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert violations(document, "verify") == ()
    stack, unowned = (one["counterexample"] for one in document["properties"])
    assert stack["given"] == "nic0 has 192.0.2.10/24; vlan1 on nic0 has 192.0.2.10/24 vlan 5"
    assert stack["reasons"][0] == "nic0 (physical) is the hostActiveNic"
    assert stack["clause"]["value"] is False
    assert {"word": "upper", "value": "vlan1"} in stack["clause"]["seen"]
    assert (unowned["clause"], unowned["changed"]["status"]) == (None, "no_match")
    assert unowned["changed"]["addresses"] == ["192.0.2.40", "192.0.2.10"]


NETWORKS = "parameters: {inside: {type: [cidr], default: []}}\n"
TEXTS = "parameters: {pattern: {type: string, default: a}}\n"
ABSTRACTED = {
    "subnets": ("count(nic.subnets) > 0", "", "`nic.subnets`"),
    "routes": ("count(nic.routes) > 0", "", "`nic.routes`"),
    "network": ("some a in nic.addresses satisfies nic.subnets overlaps [a.network]", "", "`address.network`"),
    "route_to": ("some a in host.addresses satisfies nic in route_to(a)", "", "route_to(…)"),
    "networks in a parameter": ("some a in nic.addresses satisfies a in inside", NETWORKS, "parameter `inside`"),
    "patterns in a parameter": ("nic.name like pattern", TEXTS, "parameter `pattern`"),
    "order of texts": ('nic.name < "m"', "", '`nic.name < "m"`'),
}
NO_TRANSLATION = ["count(nic.slaves) > 7", "count(nic.slaves) > count(nic.ports)"]


@pytest.mark.parametrize(("condition", "parameters", "word"), ABSTRACTED.values(), ids=ABSTRACTED)
def test_a_word_that_is_abstracted_is_named(condition, parameters, word, capsys, tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(policy(condition, parameters).text, encoding="utf-8")
    line = ["verify", str(path), "--property", "one-candidate", "-n", "1", "--timeout", "2"]
    assert main(line) == 0
    sentences = capsys.readouterr().out.partition("not modelled exactly")[2]
    assert word in sentences
    assert main([*line, "--output", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert violations(document, "verify") == ()
    assert word in "".join(document["properties"][0]["abstracted"])


def test_a_given_network_and_a_written_pattern_are_exact():
    inside = policy(ABSTRACTED["networks in a parameter"][0], NETWORKS).program
    assert abstracted_words(inside, STATEMENTS["one-candidate"], {"inside": ()}) == ()
    pattern = policy('nic.name like ["a*", "b*"]').program
    assert abstracted_words(pattern, STATEMENTS["one-candidate"], {}) == ()


@pytest.mark.parametrize("condition", NO_TRANSLATION)
def test_a_clause_without_a_translation_is_named(condition, capsys, tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(policy(condition).text, encoding="utf-8")
    assert main(["verify", str(path), "--property", "owner-is-found", "-n", "0", "--timeout", "2"]) == 0
    assert f"no exact translation: {condition}" in capsys.readouterr().out


def test_a_property_without_a_proof_has_a_reason():
    exact, inexact = (
        PropertyResult(BUILT_IN[0], ProvedUpTo(3, ()), 0.1, abstracted=abstracted) for abstracted in ((), ("a word",))
    )
    assert list(verdict_details(inexact)) == ["not modelled exactly: a word"]
    assert [line for line in verdict_details(exact) if "the assumptions about reports are not enough" in line]


LAWS_OF = {
    "no interface is above itself": "some other in interfaces satisfies other above nic",
    "an interface is above its direct lower devices": "nic in nic.lowers",
    "slaves are lower devices": "nic in nic.slaves",
    "ports are lower devices": "nic in nic.ports",
    "the base of a VLAN": "nic.base is known and nic.base = nic",
    "no interface owns a loopback": "nic in owners",
    "each usable host address": "nic in owners",
    "the first address": "host.first_address is known and nic.addresses overlaps [host.first_address]",
    "interfaces have different names": 'nic.name = "a"',
    "interfaces have different positions": "nic.position = 1",
    "an interface has exactly one kind": "nic is bond",
    "the networks of an interface": "nic.networks overlaps report.networks",
    "no interface is both up and down": "nic is up and nic is not down",
    "an interface in `route_to(…)`": "some a in host.addresses satisfies nic in route_to(a)",
    "every address of an interface is in the subnet": "some a in nic.addresses satisfies a.network = a.network",
    "texts have an order": 'nic.name < "m"',
}


@pytest.mark.parametrize(("law", "condition"), LAWS_OF.items())
def test_a_law_is_stated_if_a_proof_uses_its_words(law, condition):
    laws = prove(policy(condition).program, STATEMENTS["one-candidate"], {}, 2).laws
    assert any(sentence.startswith(law) for sentence in laws), laws


def test_every_law_has_a_sentence_in_this_list():
    sentences = [law.sentence for law in LAWS if law.sentence]
    assert all(any(sentence.startswith(law) for law in LAWS_OF) for sentence in sentences)
