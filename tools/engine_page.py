"""Generates docs/engine-against-strict.md from the comparison of two policies: `python -m tools.engine_page docs`.

The hosts, the answers and the proofs are the result of `activenic diff ovirt-engine strict --proof`. The sentences
about their meaning are in engine_against_strict.yaml, each with the host that it is about.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import fill

import msgspec

from evaluator.base.finding import FindingCode
from evaluator.engine import load_policy
from evaluator.render.host_tree import tree_of
from evaluator.render.policy_differences import asked, change_of_example, change_words, reasons_of
from evaluator.render.small_host import statements_of
from evaluator.verify.differences import Differences, PairDifferences, compare_policies, in_order
from evaluator.verify.memory import Resources
from evaluator.verify.policy_change import ChangedHost, ChangeResult, FindingChange, Happens, Never, Transition
from evaluator.verify.policy_pair import pairs_of
from evaluator.verify.search_pair import Policies
from tools.table import table

_SENTENCES = Path(__file__).with_name("engine_against_strict.yaml")
_NAME = "engine-against-strict.md"
_SECONDS, _SIZE = 10.0, 2
_WIDTH = 120
_HEAD = """\
# The oVirt engine compared with strict

The policy `ovirt-engine` decides as oVirt's engine does today, and `strict` decides as the feature page of oVirt
requires. This page shows in which cases the two policies give different answers. For each case, it shows the smallest
host. It is generated from the result of `activenic diff ovirt-engine strict --proof`, which
[Proofs](verify.md#compare-two-policies) explains. The library decided each host with both policies.
"""
_ABOUT = {
    "same": """\
## The same VLAN ID for both

In this comparison, both policies have the same values of the parameters: the network, and its VLAN ID, which is 0 for
an untagged network. The engine knows these values, so the comparison shows what changes if the engine uses `strict`.
""",
    "defaults": """\
## The defaults of each policy

In this comparison, the policies get no values for their parameters. So the network is `ovirtmgmt` for both policies.
Without `management_vlan`, `ovirt-engine` assumes an untagged network, and `strict` does not check the VLAN ID. If
the section [The same VLAN ID for both](#the-same-vlan-id-for-both) shows a host with the same two answers, this section
does not show the host again.
""",
}


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The meaning of a change for operators, and the smallest host that the sentence is about."""

    host: str
    why: str


def compared() -> Differences:
    """Return the comparison of both policies, on hosts of at most two interfaces."""
    old, new = load_policy("ovirt-engine"), load_policy("strict")
    results = []
    for pair in pairs_of(old.program, new.program, {}, {}):
        found = compare_policies(Policies(old, new, pair), _SECONDS, _SIZE, Resources())
        results.append(PairDifferences(pair, in_order(pair, found)))
    return Differences(old, new, _SIZE, tuple(results))


def engine_page(found: Differences) -> str:
    """Return the page. Raises ValueError if a sentence is about another host, or is missing."""
    sentences = msgspec.yaml.decode(_SENTENCES.read_bytes(), type=dict[str, dict[str, Sentence]])
    lines = [_HEAD]
    earlier: list[tuple[str, str]] = []
    for pair in found.pairs:
        lines.append(_ABOUT[str(pair.pair.values)])
        examples = [result for result in pair.transitions if isinstance(result.verdict, Happens)]
        for result in examples:
            example = _example(result)
            shown = change_of_example(result.change, example), statements_of(example.host)
            if shown not in earlier:
                lines.extend(_section(found, pair, result, sentences[str(pair.pair.values)]))
            earlier.append(shown)
        lines.extend(_without_example(pair))
        lines.extend(_findings(pair))
    return "\n".join(lines)


def _example(result: ChangeResult) -> ChangedHost:
    if not isinstance(result.verdict, Happens):
        raise TypeError("the change has no example")
    return result.verdict.example


def _section(
    found: Differences, pair: PairDifferences, result: ChangeResult, sentences: Mapping[str, Sentence]
) -> Iterator[str]:
    example, key = _example(result), change_words(result.change).partition(",")[0]
    sentence = sentences[key]
    if sentence.host != statements_of(example.host):
        raise ValueError(f"the sentence about {key} is about another host than {statements_of(example.host)}")
    yield f"### {change_of_example(result.change, example)}\n"
    yield "\n".join(("```text", *tree_of(example.host, {}), asked(pair.pair, example), "```\n"))
    yield f"{fill(sentence.why, _WIDTH, break_long_words=False)}\n\nThe decisions of the two policies:\n"
    for line in reasons_of(found, example):
        yield fill(f"- {line}", _WIDTH, subsequent_indent="  ", break_long_words=False)
    yield ""


def _without_example(pair: PairDifferences) -> Iterator[str]:
    """Yield the changes of the answer that never happen."""
    never = [change_words(one.change) for one in pair.transitions if isinstance(one.verdict, Never)]
    others = [one for one in pair.transitions if not isinstance(one.verdict, Never | Happens)]
    if others:
        raise ValueError(f"neither proved nor found: {others}")
    text = f"These changes are proved never to happen, for hosts of every size: {', '.join(never)}."
    yield f"{fill(text, _WIDTH)}\n"


def _findings(pair: PairDifferences) -> Iterator[str]:
    yield "On some hosts, both policies give the same status and interface, but different findings.\n"
    text = "A finding appears if only `strict` gives it, and disappears if only `ovirt-engine` gives it:"
    yield f"{text}\n"
    shown = [one for one in pair.findings if isinstance(one.verdict, Happens)]
    rows = ((_words(one), *_cells(pair, _example(one)), _meaning(one)) for one in shown)
    yield from table(("finding", "smallest host", "question", "meaning of the finding"), rows)
    others = [_words(one) for one in pair.findings if not isinstance(one.verdict, Happens | Never)]
    text = "For all other findings, it is proved that no such host exists."
    if others:
        reason = "The comparison found no example, and no proof that no such host exists"
        text = f"It is unknown whether there is also a host on which {', or '.join(others)}. {reason}. {text}"
    yield f"\n{fill(text, _WIDTH)}\n"


def _cells(pair: PairDifferences, example: ChangedHost) -> tuple[str, str]:
    return statements_of(example.host), asked(pair.pair, example)


def _words(result: ChangeResult) -> str:
    words = change_words(result.change)
    return words if isinstance(result.change, Transition) else f"`{words.replace(' ', '` ', 1)}"


def _meaning(result: ChangeResult) -> str:
    if not isinstance(result.change, FindingChange):
        raise TypeError("only a finding has a code")
    return FindingCode[result.change.code].meaning


def main(folder: Path) -> None:
    """Write the page into a folder."""
    (folder / _NAME).write_text(engine_page(compared()), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
