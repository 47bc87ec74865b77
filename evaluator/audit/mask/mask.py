"""A record that can be shown to strangers: its decision can still be followed and made again, its host not be found.

Default deny. A masked record consists of three kinds of values. (1) Constants of activenic or of a shipped policy.
(2) Values that the walker masked or let through, because a schema defines them (`mask_schema.py`). (3) The decision on
the masked inputs, which cannot contain anything that the inputs do not contain. No sentence is searched for secrets:
it is built from its template with masked values, by deciding, or replaced whole. Bytes of the original (the report's
text, raw DNS responses, comments) are never copied, nor are digests of them, because a digest can be compared with the
digest of a guess.

If the decision on the masked inputs is not the original one in other names, the record has the reasons
(`not_replayable`) and the original decision, masked by its schema, with every sentence replaced whole.
`docs/masking.md` lists what an attacker may still infer.
"""

from __future__ import annotations

from functools import lru_cache

from evaluator.audit.documents import SCHEMAS, document_of
from evaluator.audit.mask.key import refuse_short
from evaluator.audit.mask.policy import Labels, MaskedPolicy, mask_policy, mask_value
from evaluator.audit.mask.pseudonyms import Pseudonyms
from evaluator.audit.mask.report import mask_format, mask_report
from evaluator.audit.mask.schema import Walker, part_of
from evaluator.audit.record import SCHEMAS as RECORD_SCHEMAS
from evaluator.audit.record import Json, Record, checked
from evaluator.audit.replay import decide_again, host_of, policy_sources
from evaluator.base.checked_cast import proven
from evaluator.base.diagnostic import Diagnostic, QuestionError, RecordCode, RecordError
from evaluator.base.digest import digest
from evaluator.base.schema import is_valid
from evaluator.base.source import Source
from evaluator.facts.address import parse_address
from evaluator.policy.language.program import PolicyText
from evaluator.policy.language.types import Base
from evaluator.policy.source.identity import policy_digest

MASKING_VERSION = 2  # 1 is that of 0.1.0, whose records do not name it
_MOST_POLICIES, _MOST_REPORTS = 8, 64  # the records of one log share a few
_ID_PAIRS = 14
_PLAIN = ("schema_version", "timestamp", "labels", "engine")
_MASKED = ("/decision_id", "/input/host", "/input/parameters", "/labels", "/result")
_RESOLUTION = "/input/host/resolution"
_LISTS_OF_A_STEP = ("before", "after", "hits")
_OTHERWISE = "the masked inputs do not give the original decision in other names"
_NOT_ORIGINALLY = "the original record cannot be replayed"


def mask(record: Record, key: bytes) -> Record:
    """Return the record with pseudonyms that the key gives; RecordError if the key is too short."""
    return Masking(key).mask(record)


class Masking:
    """Masks the records of an export with one key: what is equal in two of them has one pseudonym in both."""

    def __init__(self, key: bytes) -> None:
        refuse_short(key, "the key")
        self._pseudonyms = Pseudonyms(key)
        self._report = lru_cache(_MOST_REPORTS)(self._mask_report)
        self._policy = lru_cache(_MOST_POLICIES)(self._mask_policy)

    def mask(self, record: Record) -> Record:
        """Return the masked record; RecordError if its result or its addresses are invalid."""
        _refuse_strange(record.envelope)
        given = record.envelope["input"]
        report: tuple[bytes | None, frozenset[str]] = (None, frozenset())
        if record.report is not None:
            report = self._report(record.report, given["report"]["format"], given["report"].get("item"))
        masked = _Copy(record, report, self._policy_of(record), self._pseudonyms).record()
        schema = RECORD_SCHEMAS[masked.envelope["schema_version"]]
        return masked if is_valid(masked.envelope, schema) else checked(masked)

    def _mask_report(self, text: bytes, format: str, item: str | None) -> tuple[bytes | None, frozenset[str]]:
        return mask_report(text, format, item, self._pseudonyms)

    def _policy_of(self, record: Record) -> MaskedPolicy | None:
        """Return the masked policy of a record; None if a text is missing, or if they are not a policy."""
        try:
            return None if None in record.texts else self._policy(policy_sources(record))
        except QuestionError:
            return None

    def _mask_policy(self, sources: tuple[Source, ...]) -> MaskedPolicy:
        return mask_policy(sources, self._pseudonyms)


class _Copy:
    """The masked copy of one record, built from its masked report and policy."""

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
        self._labels = Labels(pseudonyms) if policy is None else Labels(pseudonyms, policy.public, policy.places)
        self._walker = Walker(pseudonyms, self._labels)

    def record(self) -> Record:
        """Return the copy with the decision on its inputs; if that is not the original one, with the reasons."""
        texts = self._texts()
        envelope = self._envelope(texts)
        masked = Record(envelope, self._report, texts)
        result = self._result(envelope["input"])
        reasons = self._reasons()
        again = None if reasons else _decided(masked, result)
        if again is not None and _essence(result) == _essence(again):
            result = again
        else:
            known = () if self._policy is None else self._policy.reasons
            envelope.update(replayable=False, not_replayable=reasons or [*known] or [_OTHERWISE])
            result = {**proven(_sorted(result), dict), "policy": result["policy"]}
        envelope.update(result=result, erased=self._erased(), masked=self._masked(), masking=MASKING_VERSION)
        return masked

    def _texts(self) -> tuple[bytes | None, ...]:
        """Return the masked texts of the policy, as many as the record has."""
        if self._policy is None:
            return (None,) * len(self._original.texts)
        return tuple([text.encode() for text in self._policy.texts])

    def _envelope(self, texts: tuple[bytes | None, ...]) -> Json:
        """Return everything but the result and the description of the masking."""
        before = self._original.envelope
        part = part_of(RECORD_SCHEMAS[before["schema_version"]])
        given, input_part = before["input"], part.members["input"]
        types = {} if self._policy is None else self._policy.types
        values = {
            self._labels(name): mask_value(types.get(name, Base.TEXT), value, self._pseudonyms)
            for name, value in given["parameters"].items()
        }
        policy = self._named(given["policy"], texts)
        return {
            **self._walker.document({name: before[name] for name in _PLAIN}, part),
            "decision_id": self._pseudonyms.word(before["decision_id"], _ID_PAIRS),
            "revision": policy["sha256"],
            "input": {
                "report": {
                    "format": mask_format(given["report"]["format"]),
                    **self._body(given["report"], self._report),
                },
                "policy": policy,
                "parameters": values,
                "host": _with_answers_sorted(self._walker.document(given["host"], input_part.members["host"])),
            },
        }

    def _named(self, given: Json, texts: tuple[bytes | None, ...]) -> Json:
        """Return how the envelope names the policy, in the version of the original record."""
        name = self._labels(given["name"])
        if self._original.envelope["schema_version"] == 1:
            return {**self._body(given, texts[0]), "name": name}
        named = [
            PolicyText(self._labels(text["name"]), self._body(text, body)["sha256"])
            for text, body in zip(given["texts"], texts, strict=True)
        ]
        return {"name": name, "sha256": policy_digest(tuple(named)), "texts": [text.to_dict() for text in named]}

    def _body(self, given: Json, body: bytes | None) -> Json:
        """Return a body's digest and size; of a missing one a pseudonym and zero."""
        if body is None:
            return {"sha256": self._pseudonyms.digest(given["sha256"]), "size": 0}
        return {"sha256": digest(body), "size": len(body)}

    def _result(self, inputs: Json) -> Json:
        """Return the original decision masked by its schema."""
        result = self._original.envelope["result"]
        document: Json = self._walker.document(result, part_of(SCHEMAS[result["schema_version"]]))
        document["policy"]["parameters"] = inputs["parameters"]
        if inputs["host"]["asked"] is None:
            document["host"]["name"] = ", ".join(inputs["host"]["answers"])
        if "texts" in document["policy"]:
            document["policy"].update(sha256=inputs["policy"]["sha256"], texts=inputs["policy"]["texts"])
        return document

    def _reasons(self) -> list[str]:
        """Return why nothing can be decided again."""
        reasons = [_NOT_ORIGINALLY] if self._original.envelope.get("replayable") is False else []
        was_erased = (self._original.report is None, None in self._original.texts)
        for name, after, erased in zip(("report", "policy"), (self._report, self._policy), was_erased, strict=True):
            if after is None:
                reasons.append(f"the {name} was erased" if erased else f"the {name} is unreadable, so it was erased")
        return reasons

    def _erased(self) -> list[str]:
        before = self._original.envelope
        erased = {f"/input/report{pointer}" for pointer in self._left_out}
        erased |= {f"/input/{name}" for name, body in (("report", self._report), ("policy", self._policy)) if not body}
        if before["input"]["host"]["resolution"] is not None or _RESOLUTION in before["erased"]:
            erased.add(_RESOLUTION)
        return sorted(erased)

    def _masked(self) -> list[str]:
        policy = "/input/policy"
        count = len(self._original.texts)
        texts = [policy] if count == 1 else [f"{policy}/texts/{i}" for i in range(count)]
        rewritten = [] if self._policy is None else texts[self._policy.shipped :]
        return sorted((*_MASKED, *rewritten, *(["/input/report"] if self._report is not None else [])))


def _refuse_strange(envelope: Json) -> None:
    """Refuse an invalid decision or address: the masked record would be invalid too."""
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


def _with_answers_sorted(host: Json) -> Json:
    """Return a host's masked addresses, the frozen answers in order and without the raw responses."""
    answers = {parse_address(text) for text in host["answers"]}
    return {**host, "answers": [str(address) for address in sorted(answers)], "resolution": None}


def _decided(masked: Record, result: Json) -> Json | None:
    """Return the decision on the masked inputs as a document of the version of `result`; None if it fails."""
    try:
        again = document_of(decide_again(masked), result["schema_version"])
    except QuestionError:
        return None
    del again["resolution"]
    return again


def _essence(document: Json) -> Json:
    """Return a decision without its sentences and places: two with one essence are the same answer."""
    interface = document["interface"]
    return {
        **{key: document[key] for key in ("status", "hostActiveNic")},
        **{key: sorted(document[key]) for key in ("candidates", "owners")},
        "interface": None if interface is None else _sorted(interface),
        "policy": document["policy"]["name"],
        "findings": sorted(
            [one["code"], one["severity"], sorted(one["interfaces"]), sorted(one["addresses"])]
            for one in document["findings"]
        ),
        "trace": [
            [step["rule"], step["verb"], step["fired"], *(sorted(step[key]) for key in _LISTS_OF_A_STEP)]
            for step in document["trace"]
        ],
        "host": _sorted({key: document["host"][key] for key in ("name", "literal", "complete", "addresses")}),
    }


def _sorted(value: object) -> object:
    """Return a document with its lists of texts sorted: in the original's order they show the order of names."""
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(value) if all(isinstance(item, str) for item in value) else [_sorted(item) for item in value]
    return value
