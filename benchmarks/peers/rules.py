"""rule-engine, in pure Python: three rules, one after the other, because a rule cannot give names to values.

It has no recursion, so lower devices are found to a depth of four.
"""

from __future__ import annotations

from rule_engine import Context, Rule, resolve_item

from benchmarks.peers.contest import NAME, Answer, Contender, Question
from benchmarks.peers.flat import flat

LEAVES_OUT = ("trace", "validation", "findings", "IPv6 spelling", "layers deeper than four")
TEXTUAL = (("spelling", "compares addresses as text"),)
MATCHED = "[l for l in links if $any([a in host for a in l.owned])]"
COVERED = "$all([not (a in host) or a in y.owned for a in x.owned])"
BELOW = """$any([one == x.name or $any([two == x.name or $any([three == x.name
  or $any([four == x.name for four in (lowers&[three] ? lowers[three] : [])])
  for three in (lowers&[two] ? lowers[two] : [])])
  for two in (lowers&[one] ? lowers[one] : [])])
  for one in (lowers&[y.name] ? lowers[y.name] : [])])"""
LEFT = f"[x for x in matched if not $any([x.name != y.name and {COVERED} and {BELOW} for y in matched])]"
REJECTED = "link.kind == 'bridge' and link.name != management"


def contenders() -> tuple[Contender, ...]:
    """Return the rules, parsed."""
    context = Context(resolver=resolve_item)
    matching, covering, rejecting = (Rule(text, context=context) for text in (MATCHED, LEFT, REJECTED))

    def decide(question: Question) -> Answer:
        values = flat(question)
        left = matching.evaluate(values)
        if len(left) > 1:
            left = covering.evaluate({**values, "matched": left})
        if len(left) != 1:
            return ("ambiguous" if left else "no_match"), None
        rejected = rejecting.matches({"link": left[0], "management": values["management"]})
        return ("rejected" if rejected else "resolved"), left[0]["name"]

    return (Contender("rule-engine", ("rule-engine", "msgspec"), decide, NAME, LEAVES_OUT, TEXTUAL, largest=512),)
