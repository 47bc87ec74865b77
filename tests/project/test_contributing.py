"""What CONTRIBUTING says one may change where: each change made by its text alone, in a copy, and then used.

A table that knows the words, formats or codes a second time shows here: the copy crashes, or says something else than
the reference.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.volume
ROOT = Path(__file__).parents[2]
WORDS = """
    Word(None, "site", _TEXT, "tried", lambda s, _: "here"),
    Word(None, "rack", _MAYBE_TEXT, "tried", lambda s, _: None),
    Word(None, "sites", _TEXTS, "tried", lambda s, _: ("here", "there")),
    Word(None, "uplinks", _NICS, "tried", lambda s, _: s.facts.links[:1]),
    Word(None, "chief", Type(_NIC, optional=True), "tried", lambda s, _: next(iter(s.question.owners), None)),
    Word(None, "nobody", Type(_NIC, optional=True), "tried", lambda s, _: None),
    _attribute(None, "strays", _ADDRESSES, "tried", "question.unowned"),
    Word(_REPORT, "vips", Type(Base.ADDRESS, is_list=True, optional=True), "tried", lambda s, r: None),
    Word(_HOST, "aliases", _TEXTS, "tried", lambda s, h: ("one", "two")),
    Word(_NIC, "alias", _MAYBE_TEXT, "tried", lambda s, n: n.name if n.name == "ens4" else None),
    Word(_NIC, "base", Type(_NIC, optional=True), "tried", lambda s, n: next(iter(_named(s, n.lowers.slaves)), None)),
    Word(_NIC, "spare", Type(Base.BOOLEAN), "tried", lambda s, n: not n.addresses),
    Word(_NIC, "turn", _INTEGER, "tried", lambda s, n: n.position, order=True),
    Word(Base.ADDRESS, "zone", _TEXT, "tried", lambda s, a: str(a)[:2]),
    Word(_ADDR, "label", _MAYBE_TEXT, "tried", lambda s, a: None),
    Word(Base.CIDR, "length", _INTEGER, "tried", lambda s, c: c.prefix),
    Word(Base.TEXT, "size", _INTEGER, "tried", lambda s, t: len(t)),
"""
STATES = """
    State(Base.NIC, "carrier", "tried", lambda s, n: n.name == "ens4"),
    State(Base.NIC, "virtual", "tried", lambda s, n: n.name == "virbr0", "kind"),
    State(Base.NIC, "early", "tried", lambda s, n: n.position == 0, order=True),
    State(Base.REPORT, "fresh", "tried", lambda s, r: bool(r.links)),
    State(Base.HOST, "named", "tried", lambda s, h: not h.is_literal),
    State(Base.ADDRESS, "lucky", "tried", lambda s, a: True),
    State(Base.OWNED, "temporary", "tried", lambda s, a: False),
    State(Base.CIDR, "wide", "tried", lambda s, c: c.prefix < 16),
    State(Base.TEXT, "blank", "tried", lambda s, t: t == ""),
"""
VERBS = """
    Verb("include", "tried", Effect.ADD, _ALL, Subject.NEEDED, "takes in", "included", "not included"),
    Verb("drop", "tried", Effect.REMOVE, _LEFT, Subject.NEEDED, "drops", "dropped", "not dropped"),
    Verb("retain", "tried", Effect.KEEP, _LEFT, Subject.NEEDED, "leaves", "retained", "left behind", "none retained"),
    Verb("doubt", "tried", Effect.MAKE_AMBIGUOUS, _LEFT, Subject.REFUSED, "doubts", "doubtful", "not doubtful"),
    Verb("forbid", "tried", Effect.REJECT, _LEFT, Subject.NEEDED, "forbids", "forbidden", "not forbidden"),
    Verb("advise", "tried", Effect.NOTE, _ALL, Subject.ALLOWED, "advises", "advice", "no advice"),
"""
OF_VERB = {
    "include": "match",
    "drop": "discard",
    "retain": "prefer",
    "doubt": "ambiguous",
    "forbid": "reject",
    "advise": "warn",
}
SENTENCES = [
    ("include nic when true", "ambiguous"),
    ('drop nic when nic.name = "ens1"', "ambiguous"),
    ('drop nic when nic.name = "ens4"', "ambiguous"),
    ("retain nic when count(nic.matched) > 0", "resolved"),
    ("retain nic when nic is bridge", "resolved"),
    ("advise nic when nic in candidates", "resolved"),
    ("advise when count(candidates) = 1", "resolved"),
    ("forbid nic when nic is bond", "rejected"),
    ("doubt when count(candidates) = 1", "ambiguous"),
]
CONDITIONS = [
    *('site = "here"', 'site in sites and "there" in sites', 'site like "h*"', "rack is known and rack = nic.name"),
    *("nic in uplinks", "uplinks overlaps owners", "count(uplinks) = 1", "some u in uplinks satisfies u above nic"),
    *("some u in uplinks satisfies u.position < nic.position", "nic.name like sites"),
    *("chief is known and chief = nic", "chief is known and nic.name = chief.name", "chief is unknown"),
    *("chief is known and chief in owners", "chief is known and nic in [chief]", "chief is known and chief is bond"),
    *("chief is known and nic above chief", "chief is known and some a in chief.addresses satisfies a in nic.subnets"),
    *("chief is known and nic.addresses overlaps chief.addresses", "chief is known and count(chief.slaves) = 2"),
    *("nobody is known and nic.name = nobody.name", "nobody is known and nobody in owners", "nobody is unknown"),
    *("nobody is known and some a in nobody.addresses satisfies a in nic.addresses",),
    *("nobody is known and nobody.alias is known and nobody.alias = nic.name", "nobody is known and nobody is bond"),
    *("nobody is known and nic in [nobody]", "nobody is known and nic in nobody.slaves"),
    *("count(strays) > 0", "some s in strays satisfies s is lucky", "strays within host.unowned"),
    *("report.vips is known and report.vips overlaps nic.addresses", "report.vips is known and count(report.vips) > 0"),
    *("report.vips is known and some v in report.vips satisfies v in nic.addresses", "report.vips is unknown"),
    *('"one" in host.aliases', "host.aliases overlaps sites", "nic.alias is known and nic.alias = nic.name"),
    *("nic.base is known and nic.base is slave", "nic.base is known and nic.base in nic.slaves", "nic.spare"),
    *("nic.base is known and (nic.base.mtu is unknown or nic.base.mtu > 1500)", "nic.turn < 2", "nic.spare = true"),
    *('some a in host.addresses satisfies a.zone = "19"', "some a in nic.matched satisfies a.label is unknown"),
    *("some n in nic.subnets satisfies n.length = 24", "nic.name.size > 4", "some n in sites satisfies n.size = 4"),
    *("nic is carrier", "nic is virtual", "nic is not virtual and nic is bond", "nic is early", "report is fresh"),
    *("host is named", "some a in nic.matched satisfies a is temporary", "nic.name is blank", "site is not blank"),
    *("some n in nic.subnets satisfies n is wide", "nic is physical and nic is virtual"),
]
SHOWN = "{site} {rack} {sites} {uplinks} {chief} {nobody} {strays} {report.vips} {host.aliases}"
OF_NIC = "{nic.alias} {nic.base} {nic.spare} {nic.name.size}"
READER = '''
"""A format for a test."""

from evaluator.facts.address import OwnedAddress, parse_address
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind, Link
from evaluator.report.reading import Reading


def is_dummy(document):
    return isinstance(document, dict) and "dummy" in document


class DummyLink(Link, frozen=True, eq=False):
    position: int
    text: str

    @property
    def addresses(self):
        return (OwnedAddress(parse_address(self.text), 24, True, self.text, f"/dummy/{self.name}"),)


def read(document):
    links = [DummyLink(name, Kind.PHYSICAL, at, text) for at, (name, text) in enumerate(document["dummy"].items())]
    return Reading(HostFacts.of(links), tuple)


def read_text(text):
    return None
'''
WRITER = '''
"""An output for a test."""


def write(decision, kept, stream):
    stream.write(f"dummy: {decision.status} {dict(kept.facts).get('labels')}\\n")


def write_explanation(explanation, kept, stream):
    write(explanation.decision, kept, stream)
'''
POLICY = """
policy: tried
rules:
  - name: owns
    rule: match nic when nic.addresses overlaps host.addresses
  - name: dummy
    rule: warn nic when nic.name != ""
    code: DUMMY_FOUND
    message: "{nic.name} of {host.name}"
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project in which somebody has added something in each place of the table."""
    root = tmp_path_factory.mktemp("copy")
    for folder in ("evaluator", "policies", "schemas"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    vocabulary, finding = root / "evaluator/policy/language/vocabulary.py", root / "evaluator/base/finding.py"
    _add(vocabulary, "WORDS: tuple[Word, ...] = (\n", WORDS)
    _add(vocabulary, "STATES: tuple[State, ...] = (\n", STATES)
    _add(root / "evaluator/policy/language/verbs.py", "_TABLE = (\n", VERBS)
    for document in ("decision", "explanation"):
        _add(root / f"schemas/{document}.schema.json", '"match",', "".join(f'"{verb}",' for verb in OF_VERB))
    _add(finding, "    ADDR_CONFLICT =", "", before='    DUMMY_FOUND = "DUMMY_FOUND", _REPORT, "tried"\n')
    read = root / "evaluator/report/read.py"
    (read.parent / "dummy.py").write_text(READER)
    _add(
        read,
        "from evaluator.base.diagnostic import",
        "",
        before="from evaluator.report.dummy import is_dummy\n",
    )
    _add(
        read,
        "FORMATS: tuple[Format, ...] = (\n",
        '    Format("dummy", "`dummy`", is_dummy, "evaluator.report.dummy"),\n',
    )
    (root / "evaluator/render/dummy.py").write_text(WRITER)
    for command, kind, write in (("decide", "Write", "write"), ("explain", "WriteExplanation", "write_explanation")):
        written = f'    Output("dummy", "evaluator.render.dummy:{write}"),\n'
        _add(root / f"evaluator/cli/{command}.py", f"OUTPUTS: tuple[Output[{kind}], ...] = (\n", written)
    (root / "policies/dummy-policy.yaml").write_text(POLICY.replace("tried", "dummy-policy"))
    rules = [
        f"  - name: {verb[0]}{at}\n    rule: '{verb} nic when {text}'\n"
        for verb in ("match", "warn")
        for at, text in enumerate(CONDITIONS)
    ]
    said = f"    message: '{SHOWN}'\n    hint: '{SHOWN} {OF_NIC}'\n"
    (root / "words.yaml").write_text("".join(("policy: words\nrules:\n", *rules, "  - name: say\n", _SAY, said)))
    (root / "tried.yaml").write_text(POLICY)
    (root / "report.json").write_text(REPORT)
    (root / "dummy.json").write_text('{"dummy": {"secretnic": "192.0.2.10", "other": "192.0.2.77"}}')
    (root / "key").write_bytes(b"sixteen octets!!")
    return root


_SAY = '    rule: warn nic when nic.name != ""\n'
REPORT = """
{"nics": {"ens1": {}, "ens2": {}, "ens4": {"addr": "192.0.2.12", "netmask": "255.255.255.0", "ipv6addrs": []}},
 "bondings": {"bond0": {"slaves": ["ens1", "ens2"], "addr": "192.0.2.10", "netmask": "255.255.255.0"}},
 "vlans": {}, "bridges": {}, "networks": {}}
"""


def _add(path: Path, marker: str, entry: str, before: str = "") -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(marker) >= 1, marker
    path.write_text(text.replace(marker, before + marker + entry, 1), encoding="utf-8")


def _run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *command], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )


def _activenic(copy: Path, *arguments: str, wanted: int = 0) -> str:
    ran = _run(copy, "-m", "evaluator", *arguments)
    assert (ran.returncode, "Traceback" in ran.stderr) == (wanted, False), ran.stderr
    return ran.stdout


BOTH = """
import evaluator
from pathlib import Path
from evaluator import HostAddresses
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.run.interpret import run
from evaluator.policy.language.environment import Question
assert evaluator.__file__.startswith({root!r})
policy = evaluator.load_policy(Path("words.yaml"))
report = evaluator.read_report(Path("report.json"))
for asked in (["192.0.2.10"], ["192.0.2.99"], ["192.0.2.10", "192.0.2.12"], []):
    question = Question(report.facts, HostAddresses.of(*asked), {{}})
    steps = run(policy.program.rules, question)
    compiled = CompiledPolicy(policy.program)
    helds, afters = compiled.results_and_findings(question, compiled.decide(question).trace)[0]
    assert helds == tuple(step.hits if step.rule.has_subject else step.fired for step in steps)
    assert afters == tuple(step.after for step in steps)
print(*sorted(step.rule.name for step in steps if step.fired))
"""


def test_words_and_states(copy: Path) -> None:
    ran = _run(copy, "-c", BOTH.format(root=str(copy)))
    assert ran.returncode == 0, ran.stderr
    assert "w0 " in ran.stdout
    assert _activenic(copy, "check", "words.yaml").endswith(
        "depends on order because of nic is early, nic.position, nic.turn\n"
    )
    _activenic(copy, "explain", "report.json", "--policy", "./words.yaml", "--address", "192.0.2.10", wanted=4)


ALIKE = """
import io, json
import evaluator
from evaluator import HostAddresses
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.run.interpret import run
from evaluator.policy.language.environment import Question
from evaluator.policy.language.verbs import VERBS
from evaluator.render.html.page import page
from evaluator.render.output import NO_RECORD
from evaluator.render.text import print_decision
from evaluator.render.reasons import print_details
assert evaluator.__file__.startswith({root!r})
report = evaluator.read_report(open("report.json").read())
for text in json.loads(open("verbs.json").read()):
    policy = evaluator.load_policy(text=text)
    assert {{rule.verb.name for rule in policy.program.rules}} <= set(VERBS)
    for asked in (["192.0.2.10"], ["192.0.2.10", "192.0.2.12"]):
        question = Question(report.facts, HostAddresses.of(*asked), {{}})
        steps = run(policy.program.rules, question)
        compiled = CompiledPolicy(policy.program)
        helds, afters = compiled.results_and_findings(question, compiled.decide(question).trace)[0]
        assert helds == tuple(step.hits if step.rule.has_subject else step.fired for step in steps)
        assert afters == tuple(step.after for step in steps)
        decision = policy.decide(report, HostAddresses.of(*asked))
        written = io.StringIO()
        print_decision(decision, NO_RECORD, written)
        print_details(decision.explain(), NO_RECORD, written)
        what = written.getvalue(), page(decision), json.dumps(decision.explain().to_dict())
        print(json.dumps([decision.to_dict(), *what]))
"""


def test_verbs(copy: Path) -> None:
    """A verb that has the effect of another one decides as that one, and what is said of it is its own."""
    rules = [f"  - {{name: r{at}, rule: '{text}'}}\n" for at, (text, _) in enumerate(SENTENCES)]
    heads = ["policy: verbs\nrules:\n" + "".join(rules[: at + 1]) for at in range(len(rules))]
    shipped = [re.sub(r"'(\w+) ", lambda found: f"'{OF_VERB[found[1]]} ", text) for text in heads]
    (copy / "verbs.json").write_text(json.dumps(heads + shipped))
    ran = _run(copy, "-c", ALIKE.format(root=str(copy)))
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    added, known = lines[: len(lines) // 2], lines[len(lines) // 2 :]
    assert [document["status"] for document, *_ in added[::2]] == [status for _, status in SENTENCES]
    for (one, *shown), (other, *_) in zip(added, known, strict=True):
        for document in (one, other):
            del document["policy"]
            for step in document["trace"]:
                step["verb"] = OF_VERB.get(step["verb"], step["verb"])
            for finding in document["findings"]:
                finding["rule"] = finding["rule"] and finding["rule"].rpartition(":")[0]
        assert one == other
        assert not any(re.search(r"discarded|preferred|rejects", text) for text in (shown[0], shown[2]))
    said = " ".join(text for _, *texts in added for text in texts)
    assert all(
        text in said for text in ("included", "drops", "dropped by r2", "leaves", "left behind", "none retained")
    )
    assert all(text in said for text in ("forbidden", "forbids", "advises", "doubts"))


def test_a_policy_with_added_verbs_is_checked_and_masked(copy: Path) -> None:
    rules = "".join(f"  - {{name: secret{at}, rule: '{text}'}}\n" for at, (text, _) in enumerate(SENTENCES))
    (copy / "verbs.yaml").write_text(f"policy: verbs\nrules:\n{rules}")
    _activenic(copy, "check", "verbs.yaml")
    asked = ("report.json", "--address", "192.0.2.10", "--policy", "./verbs.yaml")
    _activenic(copy, "decide", *asked, "--log", str(copy / "verbs.log"), wanted=4)
    exported = _activenic(copy, "log", "export", str(copy / "verbs.log"), "--mask", "key")
    assert "secret" not in exported
    assert all(f'"verb":"{verb}"' in exported.replace(" ", "") for verb in OF_VERB)
    for rule, code in (("drop when true", "SUBJECT_MISSING"), ("doubt nic when true", "SUBJECT_NOT_WANTED")):
        (copy / "bad.yaml").write_text(f"policy: bad\nrules:\n  - name: a\n    rule: {rule}\n")
        assert code in _run(copy, "-m", "evaluator", "check", "bad.yaml").stderr


@pytest.mark.parametrize(
    ("condition", "hint"),
    [("nobody.name = nic.name", "nobody"), ("nic.base.mtu is known", "nic.base"), ("nobody = nic", "nobody")],
)
def test_an_added_word_that_may_be_unknown_is_guarded(copy: Path, condition: str, hint: str) -> None:
    (copy / "bad.yaml").write_text(f"policy: bad\nrules:\n  - name: a\n    rule: match nic when {condition}\n")
    ran = _run(copy, "-m", "evaluator", "check", "bad.yaml")
    assert ran.returncode == 8
    assert "VALUE_MAY_BE_UNKNOWN" in ran.stderr
    assert f"test the value first: `{hint} is known and …`" in ran.stderr


def test_the_pages_list_what_was_added(copy: Path) -> None:
    ran = _run(copy, "-m", "tools.reference", "docs")
    assert ran.returncode == 0, ran.stderr
    words = (copy / "docs/words.md").read_text(encoding="utf-8")
    added = ["`site`", "`report.vips`", "`host.aliases`", "`nic.base`", "`address.label`", "`address.zone`"]
    added += [f"`{verb}`" for verb in OF_VERB]
    added += ["`cidr.length`", "`text.size`", "`is fresh`", "`is lucky`", "`is wide`", "`is blank`", "`is virtual`"]
    for shown in added:
        assert f"| {shown} |" in words
    for shown in ("`nic.turn`", "`is early`"):
        assert any(line.startswith(f"| {shown}") and "**ORDER**" in line for line in words.splitlines())
    assert "`DUMMY_FOUND`" in (copy / "docs/findings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("report", "policy"),
    [
        *(("dummy.json", policy) for policy in ("./tried.yaml", "dummy-policy", "strict", "./words.yaml")),
        ("report.json", "./words.yaml"),
    ],
)
def test_a_format_a_policy_and_a_code(copy: Path, report: str, policy: str) -> None:
    """Nothing that identifies the host leaves by a masked export, whatever the format."""
    log = copy / f"{report}-{policy.strip('./')}.log"
    asked = (report, "--address", "192.0.2.10", "--policy", policy)
    wanted = 4 if policy == "./words.yaml" else 0
    _activenic(copy, "check", policy)
    _activenic(copy, "decide", *asked, "--log", str(log), wanted=wanted)
    for command in ("decide", "explain"):
        assert _activenic(copy, command, *asked, "--output", "dummy", wanted=wanted).startswith("dummy: ")
    _activenic(copy, "explain", *asked, wanted=wanted)
    _activenic(copy, "decide", *asked, "--output", "html", wanted=wanted)
    exported = _activenic(copy, "log", "export", str(log), "--mask", "key")
    assert "secretnic" not in exported
    assert "192.0.2." not in exported
    if report == "dummy.json":
        assert "/input/report" in exported
        _activenic(copy, "decide", *asked, "--format", "dummy", wanted=wanted)
