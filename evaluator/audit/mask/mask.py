"""Masks a decision record: names and addresses become pseudonyms. The decision can still be explained and replayed.

**Default deny.** A masked record contains only three kinds of values:

1. constants of activenic and of shipped policies, which everybody can read;
2. values with the annotation `x-mask` in their schema (`schema.py`). The annotation determines whether the value is
   masked or stays unchanged. A member without annotation is left out;
3. the decision on the masked inputs, which is computed from the masked inputs only.

The masking does not search sentences for secrets. The message of a finding comes from the decision on the masked
inputs. Without such a decision, a fixed text replaces the whole message. The original octets of the report, of DNS
responses and of comments are never copied. Their digests are not copied either. Otherwise, somebody could guess an
original, compute the digest of the guess, and compare the two digests.

**Invariants.** With the same key, equal texts have equal pseudonyms in every member, record and export
(`pseudonyms.py`). So a bridge and a network with the same name still have the same name after masking. The literals of
the policy are masked too: if `nic.name = "eth1"` is true for an interface, the masked condition is true for the masked
interface. Pseudonyms of addresses preserve prefixes, families and classes (`address_mask.py`). So if an address is in a
network, the masked address is in the masked network. Therefore the policy gives the same decision.

**Verification.** Some policies depend on more than equality and prefixes. For example, they compare names with globs or
use the order of names. So the masking makes a new decision on the masked inputs, and masks the original decision by its
schema. Then it compares these two decisions without messages and places (`_essence`). If they are equal, the masked
record contains the new decision and can be replayed. If they differ, the masked record contains the masked original
decision without messages, and `not_replayable` lists the reasons.

docs/masking.md lists the facts that a reader can still infer from masked records, with the key and without the key.
"""

from __future__ import annotations

from functools import lru_cache

from evaluator.audit.documents import SCHEMAS, document_of
from evaluator.audit.mask.key import refuse_short
from evaluator.audit.mask.policy import LabelMask, MaskedPolicy, mask_policy, mask_value
from evaluator.audit.mask.pseudonyms import Pseudonyms
from evaluator.audit.mask.report import mask_format, mask_report
from evaluator.audit.mask.schema import Walker, part_of
from evaluator.audit.record import SCHEMAS as RECORD_SCHEMAS
from evaluator.audit.record import Json, Record, checked
from evaluator.audit.replay import decide_again, host_of, policy_sources
from evaluator.base.checked_cast import checked_cast
from evaluator.base.diagnostic import Diagnostic, QuestionError, RecordCode, RecordError
from evaluator.base.digest import digest
from evaluator.base.schema import is_valid
from evaluator.base.source import Source
from evaluator.facts.address import parse_address
from evaluator.policy.language.program import PolicyText
from evaluator.policy.language.types import Base
from evaluator.policy.source.identity import policy_digest

MASKING_VERSION = 2  # activenic 0.1.0 has version 1; its records have no member `masking`
_CACHED_POLICIES, _CACHED_REPORTS = 8, 64  # most records of a log use the same few reports and policies
_ID_PAIRS = 14
_WALKED = ("schema_version", "timestamp", "labels", "engine")
_ALWAYS_MASKED = ("/decision_id", "/input/host", "/input/parameters", "/labels", "/result")
_RESOLUTION = "/input/host/resolution"
_STEP_LISTS = ("before", "after", "hits")
_DECISION_DIFFERS = "the decision on the masked inputs differs from the original decision"
_ORIGINAL_NOT_REPLAYABLE = "the original record cannot be replayed"


def mask(record: Record, key: bytes) -> Record:
    """Return the masked record. Raises RecordError if the key is shorter than 16 octets or the record is invalid."""
    return Masking(key).mask(record)


class Masking:
    """Masks several records with the same key, and caches masked reports and policies."""

    def __init__(self, key: bytes) -> None:
        refuse_short(key, "the key")
        self._pseudonyms = Pseudonyms(key)
        self._report = lru_cache(_CACHED_REPORTS)(self._mask_report)
        self._policy = lru_cache(_CACHED_POLICIES)(self._mask_policy)

    def mask(self, record: Record) -> Record:
        """Return the masked record. Raises RecordError if the result or an address of the record is invalid."""
        _require_valid(record.envelope)
        inputs = record.envelope["input"]
        report: tuple[bytes | None, frozenset[str]] = (None, frozenset())
        if record.report is not None:
            report = self._report(record.report, inputs["report"]["format"], inputs["report"].get("item"))
        masked = _MaskedCopy(record, report, self._policy_of(record), self._pseudonyms).record()
        schema = RECORD_SCHEMAS[masked.envelope["schema_version"]]
        return masked if is_valid(masked.envelope, schema) else checked(masked)

    def _mask_report(self, text: bytes, format: str, item: str | None) -> tuple[bytes | None, frozenset[str]]:
        return mask_report(text, format, item, self._pseudonyms)

    def _policy_of(self, record: Record) -> MaskedPolicy | None:
        """Return the masked policy of a record; None if a text is missing or the policy is invalid."""
        try:
            return None if None in record.texts else self._policy(policy_sources(record))
        except QuestionError:
            return None

    def _mask_policy(self, sources: tuple[Source, ...]) -> MaskedPolicy:
        return mask_policy(sources, self._pseudonyms)


class _MaskedCopy:
    """The masked copy of one record. It is built from the masked report and the masked policy of the record."""

    def __init__(
        self,
        record: Record,
        report: tuple[bytes | None, frozenset[str]],
        policy: MaskedPolicy | None,
        pseudonyms: Pseudonyms,
    ) -> None:
        self._original = record
        self._report, self._left_out = report
        self._policy = policy
        self._pseudonyms = pseudonyms
        self._labels = LabelMask(pseudonyms) if policy is None else LabelMask(pseudonyms, policy.public, policy.places)
        self._walker = Walker(pseudonyms, self._labels)

    def record(self) -> Record:
        """Return the masked copy.

        If possible, the masked inputs are decided again. If the new decision has the same meaning as the original
        decision, the copy contains the new decision. Otherwise, the copy contains the masked original decision, and the
        reasons why a replay of the copy gives no equal decision.
        """
        texts = self._texts()
        envelope = self._envelope(texts)
        masked = Record(envelope, self._report, texts)
        result = self._result(envelope["input"])
        reasons = self._reasons()
        new_result = None if reasons else _decide_masked(masked, result)
        if new_result is not None and _essence(result) == _essence(new_result):
            result = new_result
        else:
            policy_reasons = () if self._policy is None else self._policy.reasons
            envelope.update(replayable=False, not_replayable=reasons or [*policy_reasons] or [_DECISION_DIFFERS])
            result = {**checked_cast(_sort_texts(result), dict), "policy": result["policy"]}
        envelope.update(result=result, erased=self._erased(), masked=self._masked(), masking=MASKING_VERSION)
        return masked

    def _texts(self) -> tuple[bytes | None, ...]:
        """Return the masked texts of the policy, one for each text in the record."""
        if self._policy is None:
            return (None,) * len(self._original.texts)
        return tuple([text.encode() for text in self._policy.texts])

    def _envelope(self, texts: tuple[bytes | None, ...]) -> Json:
        """Return the masked envelope without the members `result`, `erased`, `masked` and `masking`."""
        original = self._original.envelope
        part = part_of(RECORD_SCHEMAS[original["schema_version"]])
        inputs, input_part = original["input"], part.members["input"]
        types = {} if self._policy is None else self._policy.types
        values = {
            self._labels(name): mask_value(types.get(name, Base.TEXT), value, self._pseudonyms)
            for name, value in inputs["parameters"].items()
        }
        policy = self._policy_input(inputs["policy"], texts)
        return {
            **self._walker.document({name: original[name] for name in _WALKED}, part),
            "decision_id": self._pseudonyms.word(original["decision_id"], _ID_PAIRS),
            "revision": policy["sha256"],
            "input": {
                "report": {
                    "format": mask_format(inputs["report"]["format"]),
                    **self._body(inputs["report"], self._report),
                },
                "policy": policy,
                "parameters": values,
                "host": _sort_answers(self._walker.document(inputs["host"], input_part.members["host"])),
            },
        }

    def _policy_input(self, inputs: Json, texts: tuple[bytes | None, ...]) -> Json:
        """Return the masked `input.policy`, in the record version of the original."""
        name = self._labels(inputs["name"])
        if self._original.envelope["schema_version"] == 1:
            return {**self._body(inputs, texts[0]), "name": name}
        named = [
            PolicyText(self._labels(text["name"]), self._body(text, body)["sha256"])
            for text, body in zip(inputs["texts"], texts, strict=True)
        ]
        return {"name": name, "sha256": policy_digest(tuple(named)), "texts": [text.to_dict() for text in named]}

    def _body(self, inputs: Json, body: bytes | None) -> Json:
        """Return the digest and size of a masked body.

        For a missing body, return a pseudonym of the digest, and the size 0.
        """
        if body is None:
            return {"sha256": self._pseudonyms.digest(inputs["sha256"]), "size": 0}
        return {"sha256": digest(body), "size": len(body)}

    def _result(self, inputs: Json) -> Json:
        """Return the original decision, masked. The schema of the decision document states how to mask each member."""
        result = self._original.envelope["result"]
        document: Json = self._walker.document(result, part_of(SCHEMAS[result["schema_version"]]))
        document["policy"]["parameters"] = inputs["parameters"]
        if inputs["host"]["asked"] is None:
            document["host"]["name"] = ", ".join(inputs["host"]["answers"])
        if "texts" in document["policy"]:
            document["policy"].update(sha256=inputs["policy"]["sha256"], texts=inputs["policy"]["texts"])
        return document

    def _reasons(self) -> list[str]:
        """Return the reasons why no decision on the masked inputs is possible; empty if a decision is possible."""
        reasons = [_ORIGINAL_NOT_REPLAYABLE] if self._original.envelope.get("replayable") is False else []
        bodies = (
            ("report", self._report, self._original.report is None),
            ("policy", self._policy, None in self._original.texts),
        )
        for name, masked_body, erased in bodies:
            if masked_body is None:
                reasons.append(f"the {name} was erased" if erased else f"the {name} is unreadable, so it was erased")
        return reasons

    def _erased(self) -> list[str]:
        """Return the JSON Pointers of all members that were left out."""
        original = self._original.envelope
        erased = {f"/input/report{pointer}" for pointer in self._left_out}
        erased |= {f"/input/{name}" for name, body in (("report", self._report), ("policy", self._policy)) if not body}
        if original["input"]["host"]["resolution"] is not None or _RESOLUTION in original["erased"]:
            erased.add(_RESOLUTION)
        return sorted(erased)

    def _masked(self) -> list[str]:
        """Return the JSON Pointers of all members that were masked."""
        policy = "/input/policy"
        count = len(self._original.texts)
        texts = [policy] if count == 1 else [f"{policy}/texts/{i}" for i in range(count)]
        rewritten = [] if self._policy is None else texts[self._policy.shipped :]
        return sorted((*_ALWAYS_MASKED, *rewritten, *(["/input/report"] if self._report is not None else [])))


def _require_valid(envelope: Json) -> None:
    """Raise RecordError if the decision or an address is invalid: the masked record would be invalid too."""
    result = {**envelope["result"], "resolution": None}
    is_decision = is_valid(result, SCHEMAS[result["schema_version"]])
    problems = (
        [] if is_decision else [Diagnostic(RecordCode.INVALID, "the result is not a decision document", "/result")]
    )
    try:
        host_of({**envelope["input"]["host"], "resolution": None})
    except RecordError as error:
        problems += error.diagnostics
    if problems:
        raise RecordError(problems)


def _sort_answers(host: Json) -> Json:
    """Return the masked `input.host` with sorted answers and without the raw DNS responses."""
    answers = {parse_address(text) for text in host["answers"]}
    return {**host, "answers": [str(address) for address in sorted(answers)], "resolution": None}


def _decide_masked(masked: Record, result: Json) -> Json | None:
    """Return the decision document for the masked inputs; None if these inputs are invalid.

    The document has the same version as the document `result`.
    """
    try:
        document = document_of(decide_again(masked), result["schema_version"])
    except QuestionError:
        return None
    del document["resolution"]
    return document


def _essence(document: Json) -> Json:
    """Return a decision document without messages and places, for comparison."""
    interface = document["interface"]
    return {
        **{key: document[key] for key in ("status", "hostActiveNic")},
        **{key: sorted(document[key]) for key in ("candidates", "owners")},
        "interface": None if interface is None else _sort_texts(interface),
        "policy": document["policy"]["name"],
        "findings": sorted(
            [finding["code"], finding["severity"], sorted(finding["interfaces"]), sorted(finding["addresses"])]
            for finding in document["findings"]
        ),
        "trace": [
            [step["rule"], step["verb"], step["fired"], *(sorted(step[key]) for key in _STEP_LISTS)]
            for step in document["trace"]
        ],
        "host": _sort_texts({key: document["host"][key] for key in ("name", "literal", "complete", "addresses")}),
    }


def _sort_texts(value: object) -> object:
    """Return a document with sorted lists of texts, because the original order would reveal the order of names."""
    if isinstance(value, dict):
        return {key: _sort_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(value) if all(isinstance(item, str) for item in value) else [_sort_texts(item) for item in value]
    return value
