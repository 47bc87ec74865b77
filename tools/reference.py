"""The reference pages, made from the tables that the code itself uses: `python -m tools.reference docs`.

A test compares the pages in `docs/` with the generated ones, so they cannot be out of date.
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

A finding does not change the decision. An `error` gives the reason why the decision has no interface, or why its
interface is rejected. A `warning` is something to check. An `info` explains the decision. A decision about an ordinary
host and its own addresses has no warning under `strict`.

- The state of an interface without part in the decision (`LINK_DOWN`, `KIND_UNKNOWN`, `PORT_NOT_REPORTED`) is an
  `info`, for example a bridge for containers without carrier. So are `ADDRESS_ON_SEVERAL_INTERFACES` and
  `ADDRESS_WITHOUT_INTERFACE` for an address that is not a host address.
- `REPORT_LACKS_FACT` lists the facts that the policy uses and that this kind of report never has. It is a `warning`
  only if a `reject` or `ambiguous` rule is true only because of that: check the answer on the host then.
- A rule with the code `SEVERAL_INTERFACES` or `ANSWER_NOT_OWNED` may leave out its hint. The hint is then made for the
  decision: the rule that leaves one interface out if one address is on several of them, or where in the report an
  address without an owner is.
- A finding of a rule is about the addresses that its message names. If it names none, it is about the host addresses of
  the interface.

These are the codes of activenic and its shipped policies. A policy may define others.
"""


def findings_page() -> str:
    """Return docs/findings.md: every finding code that is shipped."""
    rows = ((f"`{code}`", code.source, code.meaning) for code in sorted(FindingCode))
    return "\n".join([_ABOUT_FINDINGS, *table(("code", "comes from", "meaning"), rows)]) + "\n"


_ABOUT_DIAGNOSTICS = """\
# Diagnostics of policies

`activenic check` reports these codes; `activenic check --explain CODE` prints an entry of this page. A line of an
example is a sentence of a rule. An example that begins with a key is the text of a policy without its name, and
`=== NAME` begins another file beside it.

Generated from `evaluator/workbench/diagnostics.yaml`. The tests check that each bad example gives its code, and that
no good example does.
"""


def diagnostics_page() -> str:
    """Return docs/diagnostics.md: every diagnostic code of a policy, with examples."""
    return "\n".join([_ABOUT_DIAGNOSTICS, *map(as_markdown, explanations().values())])


def _language() -> Iterator[str]:
    yield "# Words of the rule language"
    yield ""
    yield "Generated from `policy/language/vocabulary.py`. A value of a type with `?` may be unknown: a rule must test"
    yield "`is known` first."
    yield "**ORDER** marks words and states that depend on the order of the report or of the answers."
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
    """Return the states; those of any address stand among those of an interface's addresses, which have them too."""
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
