"""Generates the reference pages from the tables that the code itself uses: `python -m tools.reference docs`.

A test generates the pages again and compares them with the files in `docs/`. So the files cannot be out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from evaluator.base.finding import FindingCode
from evaluator.policy.language.types import Base
from evaluator.policy.language.verbs import VERBS
from evaluator.policy.language.vocabulary import FUNCTIONS, MESSAGE_WORDS, STATES, WORDS, State, Word
from evaluator.workbench.explanations import as_markdown, explanations
from tools.command_page import command_page, manual_page
from tools.one_policy import one_policy_page
from tools.recipe_page import recipes_page
from tools.schema_page import schemas_page
from tools.table import table

_TITLES: dict[Base | None, str] = {
    None: "Words without an owner",
    Base.HOST: "The name and addresses of the host",
    Base.REPORT: "The report of the host",
    Base.NIC: "An interface",
    Base.OWNED: "An address of an interface",
}
_STATE_OWNERS = {Base.NIC: "an interface", Base.OWNED: "an address", Base.HOST: "`host`"}


def language_page() -> str:
    """Return docs/words.md: every word of the rule language."""
    return "\n".join(_language()) + "\n"


_ABOUT_FINDINGS = """\
# Findings

A finding does not change the decision. An `error` explains why the decision has no interface, or why the policy rejects
the interface of the decision. A `warning` is something to check. An `info` explains the decision. A decision about an
ordinary host and its own addresses has no warning under `strict`.

- `LINK_DOWN`, `KIND_UNKNOWN` and `PORT_NOT_REPORTED` have the severity `info` if their interface has no part in the
  decision. An example is a bridge for containers that has no carrier. `ADDRESS_ON_SEVERAL_INTERFACES` and
  `ADDRESS_WITHOUT_INTERFACE` have the severity `info` if their address is not a host address.
- `REPORT_LACKS_FACT` lists facts that the policy uses, but that reports in the format of this report never contain. The
  finding is a `warning` if a `reject` or `ambiguous` rule is true only because such a fact is missing. If you see this
  warning, check the answer on the host.
- A rule with the code `SEVERAL_INTERFACES` or `ANSWER_NOT_OWNED` needs no hint. If the hint is missing, activenic makes
  a hint for the decision. If one address is on several interfaces, the hint is a rule that removes one of these
  interfaces. If no interface owns an address, the hint names the place of the address in the report.
- If the message of a rule names addresses, the finding is about these addresses. Otherwise the finding is about the
  host addresses of the interface.

The table has the codes of activenic and its shipped policies. A policy can define other codes.
"""


def findings_page() -> str:
    """Return docs/findings.md: every finding code of activenic and its shipped policies."""
    rows = ((f"`{code}`", code.source, code.meaning) for code in sorted(FindingCode))
    return "\n".join([_ABOUT_FINDINGS, *table(("code", "comes from", "meaning"), rows)]) + "\n"


_ABOUT_DIAGNOSTICS = """\
# Diagnostics of policies

`activenic check` reports the codes on this page. `activenic check --explain CODE` prints the section of one code. Each
section has a bad and a good example. If an example begins with a key, it is the text of a policy without the key
`policy`. Otherwise each line of the example is the sentence of a rule. `=== NAME` begins another file in the same
folder.

This page is generated from `evaluator/workbench/diagnostics.yaml`. The tests check that each bad example gives the code
of its section, and that the good example does not give this code.
"""


def diagnostics_page() -> str:
    """Return docs/diagnostics.md: every diagnostic code of a policy, with examples."""
    return "\n".join([_ABOUT_DIAGNOSTICS, *map(as_markdown, explanations().values())])


def _language() -> Iterator[str]:
    yield "# Words of the rule language"
    yield ""
    yield "This page is generated from `policy/language/vocabulary.py`. If a type ends with `?`, the value may be"
    yield "unknown. A rule must test `is known` before it uses such a value."
    yield "**ORDER** marks words and states that depend on the order of the report or of the DNS answers."
    yield "\n## Verbs\n"
    yield from table(("verb", "what it does"), ((f"`{verb.name}`", verb.meaning) for verb in VERBS.values()))
    for owner in dict.fromkeys((*_TITLES, *(word.owner for word in WORDS))):
        yield f"\n## {_TITLES.get(owner, f'A value of type {owner}')}\n"
        rows = ((f"`{w.shown}`", f"`{w.type}`", _meaning(w)) for w in WORDS if w.owner is owner)
        yield from table(("word", "type", "meaning"), rows)
    yield "\n## States\n"
    for base in dict.fromkeys((*_STATE_OWNERS, *(state.owner for state in _told_apart()))):
        rows_of_states = ((f"`is {state.name}`", _meaning(state)) for state in _told_apart() if state.owner is base)
        owner_name = _STATE_OWNERS.get(base, f"a value of type {base}")
        yield from table((f"state of {owner_name}", "meaning"), rows_of_states)
        yield ""
    yield from table(
        ("state of a value that may be unknown", "meaning"),
        (
            ("`is known`, `is unknown`", "whether the report has the value"),
            ("`is given`", "whether the caller gave the parameter a value"),
        ),
    )
    yield "\n## Words of messages and hints only\n"
    words = ((f"`{{{word.shown}}}`", _meaning(word)) for word in MESSAGE_WORDS)
    yield from table(("word", "shows"), words)
    yield "\n## Functions\n"
    functions = ((f"`{f.name}(…)`", f.takes, f"`{f.gives}`", f.meaning) for f in FUNCTIONS.values())
    yield from table(("function", "takes", "gives", "meaning"), functions)


def _meaning(one: Word | State) -> str:
    return one.meaning + " **ORDER**" * one.order


def _told_apart() -> tuple[State, ...]:
    """Return the states without duplicates: an address of an interface has its own states and those of any address."""
    of_owned = {state.name for state in STATES if state.owner is Base.OWNED}
    return tuple(state for state in STATES if not (state.owner is Base.ADDRESS and state.name in of_owned))


def main(folder: Path) -> None:
    """Write the pages into a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "words.md").write_text(language_page(), encoding="utf-8")
    (folder / "diagnostics.md").write_text(diagnostics_page(), encoding="utf-8")
    (folder / "findings.md").write_text(findings_page(), encoding="utf-8")
    (folder / "one-policy.md").write_text(one_policy_page(), encoding="utf-8")
    (folder / "command.md").write_text(command_page(), encoding="utf-8")
    (folder / "schemas.md").write_text(schemas_page(), encoding="utf-8")
    (folder / "recipe-texts.md").write_text(recipes_page(), encoding="utf-8")
    (folder / "activenic.1").write_text(manual_page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
