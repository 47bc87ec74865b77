"""What people wrote for people must not tell what was masked: sentences, names that authors chose, comments."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

import evaluator
from evaluator import HostAddresses, Severity
from evaluator.audit.mask import mask
from evaluator.audit.record import Record
from evaluator.audit.replay import replay
from evaluator.engine import Policy
from evaluator.facts.address import parse_address
from evaluator.finding import Finding
from evaluator.policy.load import read_program
from evaluator.source import Source
from tests.test_mask import KEPT, KEY, VERSION, exported
from tests.test_record import record_of, through_json

ADDRESS = parse_address("203.0.113.9")
ASKED = "node7.berlin.example.org"
OWNER = "match nic when nic.addresses overlaps host.addresses"
REPORT = {**KEPT, "nics": {**KEPT["nics"], "eth2": {"ipv6addrs": ["2001:db8:77::a/64"]}}}


def remark(message: str) -> Finding:
    return Finding("HOSTS_ENTRY_MALFORMED", Severity.WARNING, message)


def recorded(policy: str, labels: Mapping[str, str] | None = None, remarks: tuple[Finding, ...] = ()) -> Record:
    host = HostAddresses((ADDRESS,), asked=ASKED, first=ADDRESS, remarks=remarks)
    decision = Policy(read_program(Source("written", policy))).decide(evaluator.read_report(REPORT), host)
    record = record_of(decision)
    record.envelope["labels"].update(labels or {})
    return record


def policy_of(where: str, text: str) -> str:
    said = {"policy": "written", "description": "d", "name": "one", "code": "CODE", "message": "m", "hint": "h"}
    shown = {key: json.dumps(value) for key, value in {**said, where: text}.items()}
    return f"""policy: {shown["policy"]}
description: {shown["description"]}
parameters:
  {text if where == "parameter" else "unused"}: {{type: string, default: x}}
rules:
  - name: owns
    rule: {OWNER}
  - name: {shown["name"]}
    rule: warn when count(candidates) > 0{f' and {text} = "x"' if where == "parameter" else ""}
    code: {shown["code"]}
    message: {json.dumps(f"{{{text}}}") if where == "parameter" else shown["message"]}
    hint: {shown["hint"]}
"""


def assert_hidden(record: Record, *secrets: str) -> Record:
    """Mask a record that replays and assert that it holds none of the secrets, in any case."""
    masked = through_json(mask(record, KEY))
    assert replay(masked, VERSION).differences == ()
    text = exported(masked).casefold()
    assert [secret for secret in secrets if secret.casefold() in text] == []
    assert masked.envelope["result"]["status"] == record.envelope["result"]["status"]
    return masked


@pytest.mark.parametrize(
    "secret",
    [
        *("docker0", "DOCKER0", "node7", "berlin", "berlin.example.org", "node8.berlin.example.org", "Node7.Berlin"),
        *("203.0.113.9:443", "203-0-113-9", "9.113.0.203.in-addr.arpa", "cb007109", "097100CB", "3405803785"),
        *("10.77.1.2:443", "10.77.1.3-10.77.1.9", "http://10.77.1.2/x", "ip-10-77-1-2", "2001:db8:78::5#53"),
        *("52-54-00-ab-cd-ef", "5254.00ab.cdef", "525400ABCDEF", "52:54:00:ab:cd:ef/ff", "02-11-22-33-44-55"),
        *("[2001:db8:77::a]:443", "2001:0db8:0077:0000", "2001-db8-77--a", "eth0_100", "eth0.100/24"),
    ],
)
@pytest.mark.parametrize("where", ["description", "message", "hint"])
def test_other_spellings_in_sentences(where: str, secret: str) -> None:
    assert_hidden(recorded(policy_of(where, f"not {secret} again")), secret.strip("[]").partition("]")[0])


@pytest.mark.parametrize(
    ("where", "name", "secret"),
    [
        ("policy", "for node7", "node7"),
        ("policy", "for 10.77.1.2", "10.77.1.2"),
        ("name", "no-Docker0", "docker0"),
        ("name", "not-203-0-113-9", "203-0-113-9"),
        ("name", "not-10-77-1-2", "10-77-1-2"),
        ("code", "NO_DOCKER0", "docker0"),
        ("code", "NOT_IN_BERLIN", "berlin"),
        ("parameter", "use_docker0", "docker0"),
        ("parameter", "of_node7", "node7"),
    ],
)
def test_names_that_authors_chose(where: str, name: str, secret: str) -> None:
    assert_hidden(recorded(policy_of(where, name)), secret)


def test_a_code_that_comes_of_a_rules_name_goes_with_it() -> None:
    policy = (
        f"policy: p\nrules:\n  - name: a\n    rule: {OWNER}\n  - name: no-docker0\n    rule: warn nic when nic is up\n"
    )
    masked = assert_hidden(recorded(policy.replace("nic is up", "nic in candidates")), "docker0")
    (finding,) = (one for one in masked.envelope["result"]["findings"] if one["code"].startswith("RULE_"))
    assert finding["severity"] == "warning"


def test_keys_of_labels() -> None:
    masked = assert_hidden(recorded(policy_of("hint", "h"), {"docker0": "a", "on node7": "b", "rack": "c"}), "docker0")
    assert [name for name in masked.envelope["labels"] if not name.startswith("label-")] == ["engine", "rack"]
    assert "node7" not in exported(masked)


@pytest.mark.parametrize("entry", ["10.77.1.2x", "10`secret", "`secret`", "se`cr`et", "secret…"])
def test_what_a_remark_on_the_name_quotes(entry: str) -> None:
    message = f"the hosts file gives `{ASKED}` the address `{entry}`, which is none; the line was left out"
    record = recorded(policy_of("hint", "h"), remarks=(remark(message),))
    assert_hidden(record, "secret", "10.77.1.2", "cr`et", "node7")
    unlike = recorded(
        'policy: p\nrules:\n- {name: a, rule: match nic when nic.name like "*"}\n', remarks=(remark(message),)
    )
    masked = through_json(mask(unlike, KEY))
    assert masked.envelope["replayable"] is False
    assert not any(secret in exported(masked) for secret in ("secret", "10.77.1.2", "et`", "node7"))


def test_names_of_several_words_are_not_torn() -> None:
    names = {
        "secret eth0": "203.0.113.9",
        "secret,10.77.1.2": "203.0.113.8",
        "secret: `eth0`": "203.0.113.7",
        "eth0": "",
    }
    report = {"nics": {name: {"addr": address} for name, address in names.items()}}
    rules = ('match nic when not (nic.name like "x")', 'warn nic when not (nic.name like "x")')
    lines = [f"- {{name: r{i}, rule: {rule!r}}}\n" for i, rule in enumerate(rules)]
    lines.append("- {name: r2, rule: ambiguous when count(candidates) > 1, message: '{candidates}, {host.name}'}\n")
    policy = Policy(read_program(Source("p", "policy: p\nrules:\n" + "".join(lines))))
    masked = mask(record_of(policy.decide(evaluator.read_report(report), HostAddresses.of("203.0.113.9"))), KEY)
    assert masked.envelope["replayable"] is False
    assert not any(secret in exported(masked) for secret in ("secret", "eth0", "10.77.1.2"))


def test_messages_of_a_record_without_its_report() -> None:
    record = recorded(policy_of("message", "docker0 is {candidates}"), remarks=(remark("`x` in `/home/alice`"),))
    record.envelope["result"]["findings"][0]["message"] = "`br-secret` has the malformed entry `10.77.1.2x`"
    masked = through_json(mask(Record(record.envelope, None, record.policy), KEY))
    assert not any(secret in exported(masked) for secret in ("secret", "10.77.1.2", "alice", "docker0", "eth0"))


@pytest.mark.parametrize(
    "head",
    [
        *(
            "%YAML 1.1\n%TAG !b! tag:berlin,2000:\n---\n",
            "\ufeff# berlin\n",
            "--- # berlin\n",
            "\ufeff%YAML 1.1 # berlin\n---\n",
        ),
        *("# berlin\r", "# berlin\r\n", "# berlin\x85", "# berlin\u2028"),
    ],
)
def test_comments_and_directives(head: str) -> None:
    end = head[-1] if head[-1] != "\n" else head.lstrip("\ufeff")[len(head.lstrip("\ufeff").rstrip()) :]
    lines = ("policy: p # berlin", "rules:", "  - name: a # berlin", f"    rule: {OWNER}", "# berlin")
    assert_hidden(recorded(head + end.join(lines)), "berlin")


def test_a_network_that_is_none_is_masked_as_a_text() -> None:
    policy = "policy: p\nparameters: {lan: {type: cidr, default: 10.0.0.0/8}}\nrules:\n"
    record = recorded(f"{policy}- {{name: a, rule: match nic when lan in nic.subnets}}\n")
    record.envelope["input"]["parameters"]["lan"] = "172.17.0.9/16"
    masked = mask(record, KEY)
    assert masked.envelope["input"]["parameters"]["lan"].startswith("txt-")
    assert masked.envelope["replayable"] is False
