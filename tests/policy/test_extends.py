"""Policies that extend others: what they decide, where their texts are found, what a record and a mask make of them."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses, Policy, PolicyError
from evaluator.audit.mask.mask import mask
from evaluator.audit.record import Record
from evaluator.audit.replay import ReplayClass, replay
from evaluator.base.digest import digest
from evaluator.base.source import Source
from evaluator.cli.main import main
from evaluator.decision.decide import Case, decide
from evaluator.explain.explain import CaseExplainer
from evaluator.policy.expand import expand
from evaluator.policy.load import program_of_texts
from evaluator.policy.source.chain import read_chain, recorded
from evaluator.policy.source.find import LARGEST_POLICY, shipped_names
from tests.audit.test_record import record_of, through_json
from tests.support.random_extensions import Extended, extended
from tests.support.reference import Reference
from tests.support.strategies import host_addresses, reports
from tests.support.untyped import untyped

pytestmark = pytest.mark.volume
ROOT = Path(__file__).parents[2]
BOND = str(ROOT / "policies" / "examples" / "bond.json")
REPORT = evaluator.read_report(Path(BOND))
KEY = b"k" * 32
SITE = """policy: site
extends: strict
description: Strict, but bonds first.
rules:
  - name: bonds-first
    after: top-link-layer
    rule: prefer nic when nic is bond
  - remove: near-miss
  - name: one-interface
    replace: true
    rule: ambiguous when count(candidates) > 1
    code: TOO_MANY
    message: "too many: {candidates}"
"""


FEWER = settings(max_examples=max(1, settings().max_examples // 4))  # each reads and decides several policies


def sources_of(texts: list[str]) -> list[Source]:
    return [Source(f"level-{i}", text) for i, text in enumerate(texts)]


def policy_of(sources: list[Source]) -> Policy:
    try:
        return Policy(program_of_texts(sources))
    except PolicyError as error:
        assume({"RULE_TOO_LONG", "RULE_TOO_DEEP"}.isdisjoint(problem.code for problem in error.diagnostics))
        raise


def without_places(document: dict[str, Any]) -> Any:
    findings = [{**finding, "rule": None} for finding in document["findings"]]
    trace = [{**step, "place": None} for step in document["trace"]]
    policy = {key: document["policy"][key] for key in ("name", "parameters")}
    return {**document, "findings": sorted(findings, key=json.dumps), "trace": trace, "policy": policy}


def without_comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


@FEWER
@given(drawn=extended(), report=reports(), addresses=host_addresses, maybe=st.none() | st.integers(0, 3))
def test_a_policy_decides_as_its_expanded_text(
    drawn: Extended, report: Any, addresses: list[str], maybe: int | None
) -> None:
    sources = sources_of(drawn.texts)
    policy = policy_of(sources)
    text = expand(read_chain(sources[-1], recorded(sources)))
    alone = evaluator.load_policy(text=text)
    assert [rule.name for rule in policy.program.rules] == drawn.names
    read, host = evaluator.read_report(report), HostAddresses.of(*addresses)
    document, expanded = (one.decide(read, host, maybe=maybe).to_dict() for one in (policy, alone))
    assert without_places(document) == without_places(expanded), text
    assert document["policy"]["sha256"] == policy.digest != alone.digest
    again = expand(read_chain(Source("again", text), recorded(())))
    assert without_comments(again) == without_comments(text)
    case = Case(Reference(policy.program), read, host, policy._bind({"maybe": maybe}))
    assert decide(case, CaseExplainer).to_dict() == document


@FEWER
@given(drawn=extended(), report=reports(), addresses=host_addresses)
def test_a_record_is_replayed_and_masked_from_its_texts_alone(
    drawn: Extended, report: Any, addresses: list[str]
) -> None:
    policy = policy_of(sources_of(drawn.texts))
    decision = policy.decide(evaluator.read_report(report), HostAddresses.of(*addresses))
    record = through_json(record_of(decision))
    assert [text.decode() for text in record.texts if text is not None] == drawn.texts
    outcome = replay(record, evaluator.__version__)
    assert (outcome.outcome, outcome.differences) == (ReplayClass.EQUAL, ())
    masked = through_json(mask(record, KEY))
    assert len(masked.texts) == len(drawn.texts)
    reasons = masked.envelope.get("not_replayable", [])
    assert set(reasons) <= {
        "masked names do not match the policy's globs",
        "masked names sort in another order",
        "the decision on the masked inputs differs from the original decision",
    }
    if not reasons:
        assert replay(masked, evaluator.__version__).outcome is ReplayClass.EQUAL


def test_each_place_is_one_of_the_text_in_which_it_stands() -> None:
    strict = (ROOT / "policies" / "strict.yaml").read_text(encoding="utf-8").splitlines()
    decision = evaluator.load_policy(text=SITE).decide(REPORT, HostAddresses.of("192.0.2.10"))
    for step in decision.trace:
        name, line, column = step.place.split(":")
        text = {"strict": strict, "site": SITE.splitlines()}[name][int(line) - 1]
        assert name == ("site" if step.rule in ("bonds-first", "one-interface") else "strict")
        assert text[int(column) - 1 :].startswith((step.verb, "|")), (step, text)


def test_the_document_names_all_texts_and_the_digest_is_of_all() -> None:
    policy = evaluator.load_policy(text=SITE)
    base = evaluator.load_policy("strict")
    document: Any = policy.decide(REPORT, HostAddresses.of("192.0.2.10")).to_dict()["policy"]
    texts = [{"name": "strict", "sha256": base.digest}, {"name": "site", "sha256": digest(SITE.encode())}]
    assert document["texts"] == texts
    assert document["sha256"] == digest(rfc8785.dumps(texts)) == policy.digest
    assert policy.digest == pickle.loads(pickle.dumps(policy)).digest
    assert policy.warnings == ()


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_policy_decides_as_its_expanded_text(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policies", "show", name, "--expanded"]) == 0
    text = capsys.readouterr().out
    alone, policy = evaluator.load_policy(text=text), evaluator.load_policy(name)
    assert [warning.code for warning in alone.warnings] == ["SHIPPED_NAME_REUSED"]
    assert alone.program.description == policy.program.description
    assert alone.program.parameters == policy.program.parameters
    for one, other in zip(alone.program.rules, policy.program.rules, strict=True):
        assert (one.name, one.verb_name, one.text, one.code, one.severity) == (
            other.name,
            other.verb_name,
            other.text,
            other.code,
            other.severity,
        )
        assert (one.condition, one.message, one.hint) == (other.condition, other.message, other.hint)


def test_the_expanded_text_says_where_each_rule_comes_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    assert main(["policies", "show", str(path)]) == 0
    assert capsys.readouterr().out == SITE
    assert main(["policies", "show", str(path), "--expanded"]) == 0
    lines = capsys.readouterr().out.splitlines()
    strict = (ROOT / "policies" / "strict.yaml").read_text(encoding="utf-8").splitlines()
    for name, file, text in (("bonds-first", str(path), SITE.splitlines()), ("vlan-fits", "strict.yaml", strict)):
        line = text.index(f"  - name: {name}") + 1
        assert lines[lines.index(f"  - name: {name}") - 1] == f"  # {file}:{line}:5"


def test_an_optional_parameter_may_get_a_default() -> None:
    text = "policy: site\nextends: strict\nparameters:\n  management_vlan: {default: 100}\n"
    policy = evaluator.load_policy(text=text)
    assert policy.warnings == ()
    decision = policy.decide(REPORT, HostAddresses.of("192.0.2.10"))
    assert decision.parameters == {"management_network": "ovirtmgmt", "management_vlan": 100}
    assert decision.refusals == ("VLAN_ID_MISMATCH",)
    assert policy.decide(REPORT, HostAddresses.of("192.0.2.10"), management_vlan=0).refusals == ()


# where texts are found


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


BASE = "policy: base\nrules:\n  - name: owns\n    rule: match nic when nic.addresses overlaps host.addresses\n"
ABOVE = "policy: above\nextends: {}\nrules:\n  - name: down\n    rule: warn nic when nic is down\n"


def code_of(*arguments: Any, **options: Any) -> str:
    with pytest.raises(PolicyError) as error:
        evaluator.load_policy(*arguments, **options)
    return error.value.diagnostics[0].code


def test_a_base_is_found_from_the_folder_of_the_file_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "shared/base.yaml", BASE)
    path = written(tmp_path, "site/above.yaml", ABOVE.format("../shared/base.yaml"))
    top = written(tmp_path, "site/top.yaml", "policy: top\nextends: ./above.yaml\n")
    monkeypatch.chdir(tmp_path / "shared")
    for name in (path, str(path), os.path.relpath(path)):
        assert [text.name for text in evaluator.load_policy(name).program.texts] == ["base", "above"]
    assert [text.name for text in evaluator.load_policy(top).program.texts] == ["base", "above", "top"]


def test_a_text_extends_shipped_policies_only_unless_its_path_is_given(tmp_path: Path) -> None:
    written(tmp_path, "base.yaml", BASE)
    for name in ("./base.yaml", "base.yaml", str(tmp_path / "base.yaml")):
        assert code_of(text=ABOVE.format(name)) == "EXTENDS_NEEDS_FILE"
        assert code_of(text=ABOVE.format(name), policy_path=[tmp_path]) == "EXTENDS_NEEDS_FILE"
        policy = evaluator.load_policy(text=ABOVE.format(name), path=tmp_path / "not-written-yet.yaml")
        assert policy.name == "above"
    assert evaluator.load_policy(text=SITE).name == "site"
    with pytest.raises(TypeError):
        untyped(evaluator.load_policy)(tmp_path / "base.yaml", path=tmp_path)


def test_files_are_found_in_the_policy_path(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    written(one, "above.yaml", ABOVE.format("base.yaml"))
    written(two, "base.yaml", BASE)
    assert code_of("above.yaml") == "POLICY_UNREADABLE"
    assert code_of("above.yaml", policy_path=[one]) == "POLICY_UNREADABLE"  # its base is not found
    policy = evaluator.load_policy("above.yaml", policy_path=[two, str(one)])
    assert [text.name for text in policy.program.texts] == ["base", "above"]
    written(one, "base.yaml", BASE.replace("policy: base", "policy: nearer"))
    policy = evaluator.load_policy("above.yaml", policy_path=[two, one])
    assert policy.program.texts[0].name == "nearer"  # beside the file that names it comes first
    for fixed in ("./above.yaml", "../one/above.yaml"):
        assert code_of(fixed, policy_path=[one]) == "POLICY_UNREADABLE"


def test_a_shipped_name_is_never_looked_for_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("strict", "strict.yaml"):
        written(tmp_path, name, BASE)
    monkeypatch.chdir(tmp_path)
    assert evaluator.load_policy("strict", policy_path=[tmp_path]).name == "strict"
    path = written(tmp_path, "above.yaml", ABOVE.format("strict"))
    assert evaluator.load_policy(path, policy_path=[tmp_path]).program.texts[0].name == "strict"
    assert evaluator.load_policy("./strict").name == "base"
    tests = written(
        tmp_path,
        "a.test.yaml",
        "policy: strict\ntests:\n  - {name: a, given: ens1 has 192.0.2.1/24, "
        "host: 192.0.2.1, want: {status: resolved, silent: [near-miss]}}\n",
    )
    assert main(["test", str(tests)]) == 0


def test_a_bare_name_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "base", BASE)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PolicyError) as error:
        evaluator.load_policy("base")
    assert error.value.diagnostics[0].hint == "for the file with this name, write `./base`"


@pytest.mark.parametrize("kind", ["folder", "fifo", "large", "not UTF-8"])
def test_a_base_is_a_regular_file_of_limited_size(tmp_path: Path, kind: str) -> None:
    base = tmp_path / "base.yaml"
    if kind == "folder":
        base.mkdir()
    elif kind == "fifo":
        os.mkfifo(base)
    else:
        base.write_bytes(b"#" * (LARGEST_POLICY + 1) if kind == "large" else b"\xff")
    path = written(tmp_path, "above.yaml", ABOVE.format("./base.yaml"))
    with pytest.raises(PolicyError) as error:
        evaluator.load_policy(path)
    (found,) = error.value.diagnostics
    assert found.code == ("POLICY_TOO_LARGE" if kind == "large" else "POLICY_UNREADABLE")
    assert found.place == f"{path}:2:10"
    assert "extends: ./base.yaml" in found.excerpt


def test_a_circle_is_seen_through_links(tmp_path: Path) -> None:
    path = written(tmp_path, "above.yaml", ABOVE.format("./link.yaml"))
    (tmp_path / "link.yaml").symlink_to(path)
    assert code_of(path) == "EXTENDS_CYCLE"


@pytest.mark.parametrize("by", ["option", "joined option", "variable"])
def test_the_command_takes_a_policy_path(
    tmp_path: Path, by: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    written(one, "above.yaml", ABOVE.format("base.yaml"))
    written(two, "base.yaml", BASE)
    tests = written(
        tmp_path,
        "a.test.yaml",
        "policy: above.yaml\ntests:\n  - {name: a, given: ens1 has 192.0.2.1/24, "
        "host: 192.0.2.1, want: resolved ens1}\n",
    )
    options = []
    if by == "option":
        options = ["--policy-path", str(one), "--policy-path", str(two)]
    elif by == "joined option":
        options = ["--policy-path", f"{one}{os.pathsep}{two}"]
    else:
        monkeypatch.setenv("ACTIVENIC_POLICY_PATH", f"{one}{os.pathsep}{two}")
    commands = [
        ["decide", BOND, "--address", "192.0.2.10", "--policy", "above.yaml"],
        ["explain", BOND, "--address", "192.0.2.10", "--policy", "above.yaml"],
        ["check", "above.yaml"],
        ["test", str(tests)],
        ["policies", "show", "above.yaml"],
        ["policies", "show", "above.yaml", "--expanded"],
    ]
    for command in commands:
        assert main([*command, *options]) == 0, capsys.readouterr()
    monkeypatch.delenv("ACTIVENIC_POLICY_PATH", raising=False)
    for command in commands:
        assert main(command) == 8


def test_the_option_is_used_instead_of_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "base.yaml", BASE)
    monkeypatch.setenv("ACTIVENIC_POLICY_PATH", str(tmp_path))
    assert main(["check", "base.yaml"]) == 0
    assert main(["check", "base.yaml", "--policy-path", str(tmp_path / "none")]) == 8


def test_a_test_of_a_change_names_the_file_that_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "policies/above.yaml", ABOVE.format("base.yaml"))
    written(tmp_path, "policies/base.yaml", BASE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACTIVENIC_POLICY_PATH", str(tmp_path / "policies"))
    arguments = ["explain", BOND, "--address", "192.0.2.10", "--policy", "above.yaml", "--change-as-test", "ens1"]
    for _ in range(2):
        assert main([*arguments, "--write-tests", "tests.test.yaml"]) == 0
    assert "policy: policies/above.yaml\n" in Path("tests.test.yaml").read_text()
    assert main(["test", "tests.test.yaml"]) == 0


# pinned bases


def pinned(sha256: str) -> str:
    return SITE.replace("extends: strict\n", f"extends: strict\nsha256: {sha256}\n")


def test_a_base_that_is_the_pinned_one_is_no_news() -> None:
    sha256 = evaluator.load_policy("strict").digest
    assert evaluator.load_policy(text=pinned(f'"{sha256}"')).warnings == ()
    assert evaluator.load_policy(text=pinned(f'"{sha256.upper()}"')).warnings == ()
    keep = evaluator.load_policy("keep-management").digest
    text = f'policy: site\nextends: keep-management\nsha256: "{keep}"\n'
    assert evaluator.load_policy(text=text).warnings == ()


def test_a_base_that_changed_gives_a_warning_and_decides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "site.yaml", pinned('"' + "0" * 64 + '"'))
    (warning,) = evaluator.load_policy(path).warnings
    assert (warning.code, warning.place) == ("BASE_CHANGED", f"{path}:3:9")
    now = evaluator.load_policy("strict").digest
    assert warning.message == f"the base `strict` has changed: its digest is {now}, expected {'0' * 64}"
    assert warning.hint == f"review the changes, then write `sha256: {now}`"
    assert main(["check", str(path)]) == 0
    assert "[BASE_CHANGED]" in capsys.readouterr().err
    assert main(["check", "--strict", str(path)]) == 8
    assert main(["decide", BOND, "--address", "192.0.2.10", "--policy", str(path)]) == 0


def test_a_pinned_release_is_named() -> None:
    released = json.loads((ROOT / "policies" / "released.json").read_text())["policies"]
    sha256 = next(text["sha256"] for text in released if text["name"] == "strict")
    warnings = evaluator.load_policy(text=pinned(f'"{sha256}"')).warnings
    if sha256 != evaluator.load_policy("strict").digest:
        assert "which is `strict` of version 0.1.0" in warnings[0].message


def test_what_differs_is_named_if_the_pinned_text_is_at_hand(tmp_path: Path) -> None:
    strict = (ROOT / "policies" / "strict.yaml").read_text(encoding="utf-8")
    changed = strict.replace("policy: strict", "policy: ours").replace("count(candidates) > 1", "count(candidates) > 2")
    written(tmp_path, "ours.yaml", changed.replace("default: ovirtmgmt", "default: mgmt"))
    sha256 = evaluator.load_policy("strict").digest
    text = pinned(f'"{sha256}"').replace("extends: strict", "extends: ./ours.yaml")
    (warning,) = evaluator.load_policy(text=text, path=tmp_path / "site.yaml").warnings
    assert warning.message.endswith(
        "; which is the shipped policy `strict`; rules that differ: `one-interface`; "
        "parameters that differ: `management_network`"
    )


# records


def kept(text: str = SITE) -> Record:
    return record_of(evaluator.load_policy(text=text).decide(REPORT, HostAddresses.of("192.0.2.10")))


def test_a_shipped_base_stays_in_a_masked_record() -> None:
    record = kept(
        SITE.replace(
            "remove: near-miss",
            "remove: near-miss\n  - name: secret-rule\n    before: vlan-fits\n"
            '    rule: reject nic when nic.name = "secret0"\n    code: SECRET_CODE',
        )
    )
    masked = mask(record, KEY)
    assert masked.texts[0] == record.texts[0]
    assert masked.texts[1] != record.texts[1]
    own = (masked.texts[1] or b"").decode()
    assert "extends: strict" in own
    for name in ("after: top-link-layer", "remove: near-miss", "name: one-interface", "before: vlan-fits"):
        assert name in own
    assert "secret" not in json.dumps(masked.to_dict()).lower() + own.lower()
    assert "bonds-first" not in own
    policy = masked.envelope["input"]["policy"]
    assert policy["texts"][0]["name"] == "strict"
    assert policy["texts"][1]["name"] == policy["name"] != "site"
    assert policy["sha256"] == digest(rfc8785.dumps(policy["texts"])) == masked.envelope["revision"]
    assert masked.envelope["masked"] == sorted(
        [
            "/decision_id",
            "/input/host",
            "/input/parameters",
            "/labels",
            "/result",
            "/input/report",
            "/input/policy/texts/1",
        ]
    )
    places = [step["place"].split(":")[0] for step in masked.envelope["result"]["trace"]]
    assert set(places) == {"strict", policy["name"]}
    assert replay(masked, evaluator.__version__).outcome is ReplayClass.EQUAL


@pytest.mark.parametrize("gone", [0, 1])
def test_a_record_that_lost_one_text_cannot_be_replayed(gone: int) -> None:
    document = json.loads(json.dumps(kept().to_dict()))
    document["texts"][gone] = None
    document["record"]["erased"] = [f"/input/policy/texts/{gone}"]
    record = evaluator.audit.record.read_record(document)
    assert replay(record, evaluator.__version__).outcome is ReplayClass.NOT_COMPARABLE
    masked = mask(record, KEY)
    assert masked.texts == (None, None)
    assert masked.envelope["not_replayable"] == ["the policy was erased"]
    assert "/input/policy" in masked.envelope["erased"]


def test_texts_that_do_not_extend_one_another_are_no_policy() -> None:
    strict = (ROOT / "policies" / "strict.yaml").read_text(encoding="utf-8")
    for texts in ([BASE, strict], [SITE], [SITE, SITE], [strict, SITE, SITE]):
        with pytest.raises(PolicyError):
            program_of_texts(sources_of(texts))


def test_a_record_becomes_a_test_with_the_expanded_policy(tmp_path: Path) -> None:
    path = written(tmp_path, "site/site.yaml", SITE)
    log, to = str(tmp_path / "log"), tmp_path / "kept.test.yaml"
    for name in (str(path), "keep-management"):
        assert main(["decide", BOND, "--address", "192.0.2.10", "--policy", name, "--log", log]) == 0
    path.unlink()
    assert main(["replay", "--all", "--log", log]) == 0
    with evaluator.DecisionLog.open(log, read_only=True) as opened:
        names = {record.envelope["input"]["policy"]["name"]: record.decision_id for record in opened.records()}
    assert main(["record-test", names["site"], "--log", log, "--to", str(to)]) == 0
    assert (
        (tmp_path / "kept.policy.yaml")
        .read_text()
        .startswith("# site with everything that it inherits: strict, site\n")
    )
    assert main(["record-test", names["keep-management"], "--log", log, "--to", str(tmp_path / "b.test.yaml")]) == 0
    assert "policy: keep-management\n" in (tmp_path / "b.test.yaml").read_text()
    assert main(["test", str(tmp_path)]) == 0
    assert main(["explain", names["site"], "--log", log, "--output", "html"]) == 0


_PARTS = {
    "parameters": "parameters:\n" + "".join(f"  {{}}{at}: {{{{type: integer, default: 5}}}}\n" for at in range(60)),
    "conditions": "conditions:\n" + "".join(f"  {{}}{at}: nic is up\n" for at in range(60)),
    "rules": "rules:\n" + "".join(f"  - {{{{name: {{}}{at}, rule: match nic when nic is up}}}}\n" for at in range(300)),
}


@pytest.mark.parametrize(
    ("part", "count", "most"), [("parameters", 120, 100), ("conditions", 120, 100), ("rules", 601, 500)]
)
def test_a_policy_with_its_base_is_limited(part: str, count: int, most: int, tmp_path: Path) -> None:
    owner = "  - {name: owner, rule: match nic when nic is up}\n"
    for name, head in (("base", "policy: base\n"), ("mine", "policy: mine\nextends: ./base.yaml\n")):
        rules = "" if part == "rules" or name == "mine" else "rules:\n" + owner
        own = _PARTS[part].replace("{}", name[0]).replace("{{", "{").replace("}}", "}")
        written(tmp_path, f"{name}.yaml", head + own + (owner if (part, name) == ("rules", "base") else "") + rules)
    with pytest.raises(PolicyError) as error:
        evaluator.load_policy(tmp_path / "mine.yaml")
    message = f"with its base the policy has {count} {part}; at most {most} are allowed"
    (problem,) = (problem for problem in error.value.diagnostics if problem.code == "POLICY_INVALID")
    assert (problem.message, problem.place) == (message, f"{tmp_path}/mine.yaml:3:1")
