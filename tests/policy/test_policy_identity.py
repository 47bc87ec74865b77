"""Which text a policy is: its digest, the name that it gives itself, and who has the right to that name."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import rfc8785

import evaluator
from evaluator import HostAddresses, PolicyError
from evaluator.base import shipped
from evaluator.cli.main import main
from evaluator.policy.language.program import PolicyText
from evaluator.policy.source.find import LARGEST_POLICY, shipped_names
from evaluator.policy.source.identity import policy_digest
from tests.support.untyped import untyped

ROOT = Path(__file__).parents[2]
STRICT = (ROOT / "policies" / "strict.yaml").read_bytes()
CHANGED = STRICT.replace(b"owns-host-address", b"owns-an-address")
BASES = {"keep-management": ("strict",)}
RULES = "rules:\n  - name: a\n    rule: match nic when nic is up\n"
REPORT = evaluator.read_report(ROOT / "policies" / "examples" / "bond.json")


def codes(policy: evaluator.Policy) -> list[str]:
    return [warning.code for warning in policy.warnings]


@pytest.mark.parametrize("name", shipped_names())
def test_the_digest_of_a_shipped_policy_is_that_of_its_file(name: str) -> None:
    names = (*BASES.get(name, ()), name)
    files = [(ROOT / "policies" / f"{one}.yaml").read_bytes() for one in names]
    digests = [hashlib.sha256(file).hexdigest() for file in files]
    texts = [{"name": one, "sha256": sha256} for one, sha256 in zip(names, digests, strict=True)]
    sha256 = hashlib.sha256(rfc8785.dumps(texts)).hexdigest() if len(texts) > 1 else digests[0]
    policy = evaluator.load_policy(name)
    assert policy.digest == sha256
    document = (
        policy.decide(REPORT, HostAddresses.of(), engine_address="192.0.2.1") if name == "route-to-engine" else None
    )
    document = document or policy.decide(REPORT, HostAddresses.of())
    assert document.to_dict()["policy"] | {"parameters": {}} == {
        "name": name,
        "sha256": sha256,
        "texts": texts,
        "parameters": {},
    }


@pytest.mark.parametrize(
    "text", [f"policy: mine\r\n{RULES}", f"\ufeffpolicy: mine\n{RULES}", f"policy: mine\n{RULES}# é\x85"]
)
def test_the_digest_is_that_of_the_files_bytes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(text.encode())
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    for policy in (
        evaluator.load_policy(path),
        evaluator.load_policy(text=text),
        evaluator.load_policy(text=text.encode()),
    ):
        assert policy.digest == sha256


def test_the_digest_of_several_texts_is_that_of_their_canonical_list() -> None:
    texts = (PolicyText("strict", "a" * 64), PolicyText("site", "b" * 64))
    listed = '[{"name":"strict","sha256":"' + "a" * 64 + '"},{"name":"site","sha256":"' + "b" * 64 + '"}]'
    assert policy_digest(texts) == hashlib.sha256(listed.encode()).hexdigest()
    assert policy_digest(texts) != policy_digest(texts[::-1])
    assert policy_digest(texts[:1]) == "a" * 64


def test_deciding_by_a_shipped_policy_hashes_nothing() -> None:
    code = (
        "import sys, evaluator\n"
        "report = evaluator.read_report({'nics': {'a': {'addr': '192.0.2.1'}}})\n"
        "decision = evaluator.load_policy('strict').decide(report, evaluator.HostAddresses.of('192.0.2.1'))\n"
        "print(decision.policy_sha256, 'evaluator.base.digest' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{hashlib.sha256(STRICT).hexdigest()} False\n"


def test_a_policy_is_loaded_from_its_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(STRICT.replace(b"policy: strict", b"policy: mine"))
    policy = evaluator.load_policy(text=path.read_bytes())
    host = HostAddresses.of("192.0.2.10")
    assert policy.decide(REPORT, host) == evaluator.load_policy(path).decide(REPORT, host)
    assert (policy.name, policy.warnings) == ("mine", ())


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("policy: p\nrules:\n  - name: a\n    rule: mtch nic when nic is up\n", "UNKNOWN_VERB", "<text>:4:11"),
        ("", "POLICY_EMPTY", "<text>:1:1"),
        ("\ud800", "POLICY_UNREADABLE", ""),
        (b"policy: \xff", "POLICY_UNREADABLE", ""),
        (b"#" * (LARGEST_POLICY + 1), "POLICY_TOO_LARGE", ""),
        ("é" * (LARGEST_POLICY // 2 + 1), "POLICY_TOO_LARGE", ""),
    ],
)
def test_a_text_that_is_not_a_policy_is_refused(text: str | bytes, code: str, place: str) -> None:
    with pytest.raises(PolicyError) as error:
        evaluator.load_policy(text=text)
    first = error.value.diagnostics[0]
    assert (first.code, first.place) == (code, place)


def test_a_policy_has_one_source() -> None:
    for arguments, options in (
        ((), {}),
        (("strict",), {"text": "policy: p"}),
        ((), {"text": 5}),
        (("x",), {"text": ""}),
    ):
        with pytest.raises(TypeError):
            untyped(evaluator.load_policy)(*arguments, **options)


def test_a_changed_copy_that_keeps_the_name_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(CHANGED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        policy = evaluator.load_policy(path)
    (found,) = policy.warnings
    assert (found.code, found.severity, found.hint) == (
        "SHIPPED_NAME_REUSED",
        "warning",
        "give the copy another name",
    )
    assert found.place == f"{path}:{STRICT.decode().splitlines().index('policy: strict') + 1}:9"
    assert found.excerpt == "policy: strict\n        ^~~~~~"
    assert main(["check", str(path)]) == 0
    out, err = capsys.readouterr()
    assert ("[SHIPPED_NAME_REUSED]" in err, "1 warning," in out) == (True, True)


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_name_is_guarded(name: str) -> None:
    text = (ROOT / "policies" / f"{name}.yaml").read_text(encoding="utf-8")
    assert codes(evaluator.load_policy(text=f"{text}# changed\n")) == ["SHIPPED_NAME_REUSED"]
    assert codes(evaluator.load_policy(text=text)) == []
    assert codes(evaluator.load_policy(text=text.replace(f"policy: {name}", "policy: mine"))) == []


def test_the_name_that_counts_is_the_one_in_the_text(tmp_path: Path) -> None:
    path = tmp_path / "strict.yaml"
    path.write_text(f"policy: mine\n{RULES}", encoding="utf-8")
    assert codes(evaluator.load_policy(path)) == []
    path.write_text(f"policy: released\n{RULES}", encoding="utf-8")
    assert codes(evaluator.load_policy(path)) == []


def test_the_warning_stands_among_the_others_by_its_place() -> None:
    rules = RULES + RULES.removeprefix("rules:\n").replace("name: a", "name: b")
    policy = evaluator.load_policy(text=f"{rules}policy: strict\n")
    assert codes(policy)[-1] == "SHIPPED_NAME_REUSED"
    assert len(codes(policy)) > 1


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the policies of an installation that has another `strict` and another list of released texts."""
    folder = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", folder)
    monkeypatch.setattr(shipped, "_root", lambda name: str(folder if name == "policies" else ROOT / name))
    (folder / "strict.yaml").write_bytes(CHANGED)
    return folder


def test_the_text_of_an_earlier_release_keeps_the_right_to_its_name(installation: Path) -> None:
    assert codes(evaluator.load_policy(text=CHANGED)) == []
    released = {"name": "strict", "version": "0.0.1", "sha256": hashlib.sha256(STRICT).hexdigest()}
    (installation / "released.json").write_text(json.dumps({"schema_version": 1, "policies": [released]}))
    assert codes(evaluator.load_policy(text=STRICT)) == []
    (installation / "released.json").write_text(json.dumps({"schema_version": 1, "policies": []}))
    assert codes(evaluator.load_policy(text=STRICT)) == ["SHIPPED_NAME_REUSED"]


def test_a_name_that_only_an_earlier_release_had_is_guarded(installation: Path) -> None:
    gone = {"name": "gone", "version": "0.0.1", "sha256": hashlib.sha256(f"policy: gone\n{RULES}".encode()).hexdigest()}
    (installation / "released.json").write_text(json.dumps({"schema_version": 1, "policies": [gone]}))
    assert codes(evaluator.load_policy(text=f"policy: gone\n{RULES}")) == []
    assert codes(evaluator.load_policy(text=f"policy: gone\n{RULES}# more\n")) == ["SHIPPED_NAME_REUSED"]


def test_a_replay_never_shows_the_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy, report = tmp_path / "site.yaml", str(ROOT / "policies" / "examples" / "bond.json")
    policy.write_bytes(CHANGED)
    log = str(tmp_path / "log")
    assert main(["decide", report, "--address", "192.0.2.10", "--policy", str(policy), "--log", log]) == 0
    assert main(["log", "list", log, "--output", "jsonl"]) == 0
    decision_id = json.loads(capsys.readouterr().out.splitlines()[-1])["decision_id"]
    for arguments in (["replay", "--all", "--log", log], ["explain", decision_id, "--log", log]):
        assert main(arguments) == 0
        out, err = capsys.readouterr()
        assert "SHIPPED_NAME_REUSED" not in out + err


def test_json_is_compact_ascii_in_the_order_of_the_document() -> None:
    report = evaluator.read_report({"nics": {"日本": {"addr": "192.0.2.10"}}})
    decision = evaluator.load_policy("strict").decide(report, HostAddresses.of("192.0.2.10"))
    text = decision.to_json()
    assert isinstance(text, bytes)
    assert text == json.dumps(decision.to_dict(), separators=(",", ":")).encode("ascii")
    assert list(json.loads(text)) == list(decision.to_dict())
    assert b"\\u65e5" in text
