"""Merges a policy text with its base. The result is not checked yet: rules are still YAML maps.

The texts are merged before they are checked. One reason is that the text can change the default of a parameter that
rules of the base use. Another reason is that rules of the text can use conditions of the base. So types and names are
resolved only in the merged policy. Each base is also checked separately, without the texts that extend it: `levels`
yields the merged policy of every level, and `load.py` checks each of them. So a mistake in a base is reported even if
the text replaces the rule that contains the mistake.

Parameters and conditions are maps, and the text can add entries to them. The text can change the default and the
description of an inherited parameter, but not the type. It cannot change an inherited condition.

Rules are a list, and the order of the rules has a meaning. The entries of the text are edit instructions for the list
of the base. They are applied from top to bottom, each to the result of the entries above it:

- an entry with a new name inserts a rule at the end, `before` or `after` another rule;
- `replace: true` replaces the rule with the same name, at the same position;
- `remove: NAME` removes a rule.

If the entries `a` and `b` both have `after: x`, the result is `x`, `a`, `b`: the second rule is inserted after the
first rule, not directly after `x`. If `a` has `after: x`, `b` has `after: a`, and `c` has `after: x`, the result is
`x`, `a`, `b`, `c`. For this, each rule that the text inserts has an anchor: the rule that its `after` names.

An entry can name the rules of the base and the rules of the entries above it. If an entry names a rule of an entry
below it, the diagnostic states this cause.

Nothing is copied from one text to another. An inherited rule is the `Located` value of its own text, so its diagnostics
have the place in that text.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from evaluator.base.fix import Fix
from evaluator.base.source import Span
from evaluator.base.text import did_you_mean, quote, quote_all
from evaluator.policy.source.chain import ParsedText, string_of
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.yaml_text import Located

MOST_RULES = 500
MOST_PARAMETERS = 100
MOST_CONDITIONS = 100
_ONLY_WITH_BASE = ("before", "after", "replace", "remove")
_PLACING = ("before", "after")
_HINT_TWO_ENTRIES = "remove one of the two entries"
_OVERRIDABLE = frozenset({"default", "description"})  # the keys of an inherited parameter that a text may change


class RuleEntry(Struct, frozen=True):
    """A rule in the list `rules` of a text, and the name of the policy in this text."""

    located: Located
    policy: str

    @property
    def name(self) -> str:
        """The rule's name; empty if it is missing."""
        return string_of(self.located, "name")


class ParameterDeclaration(Struct, frozen=True):
    """The declaration of a parameter, merged from the texts of the policy and of its bases.

    If several of these texts declare the parameter, `key` is the place in the last of them; the policy's own text is
    last. `is_own` is true if the policy's own text declares the parameter. `is_given` is true if the base declares the
    parameter as optional, and a text that extends the base adds a default.
    """

    located: Located
    key: Span
    is_own: bool = True
    is_given: bool = False


class ConditionDeclaration(Struct, frozen=True):
    """A named condition as written; `is_own` is true if it is in the policy's own text."""

    located: Located
    key: Span
    is_own: bool = True


class MergedPolicy(Struct, frozen=True):
    """The content of a text merged with its bases. `bases` are the names of the policies that the text extends."""

    name: str
    description: str
    parameters: Mapping[str, ParameterDeclaration]
    conditions: Mapping[str, ConditionDeclaration]
    entries: tuple[RuleEntry, ...]
    bases: tuple[str, ...] = ()


def levels(texts: Sequence[ParsedText], problems: Problems) -> Iterator[MergedPolicy]:
    """Yield the merged policy at each level of `extends`, from the base that extends nothing to the policy itself."""
    merged = _without_base(texts[0], problems)
    yield merged
    for text in texts[1:]:
        merged = _extend(merged, text, problems)
        yield merged


def _without_base(text: ParsedText, problems: Problems) -> MergedPolicy:
    """Return the content of a text without `extends`; report keys that need `extends`."""
    located = text.located
    entries: list[RuleEntry] = []
    for rule_map in rule_maps(located):
        entry = RuleEntry(rule_map, text.name)
        _refuse_duplicate_name(entry, {other.name for other in entries}, problems)
        entries.append(entry)
    for owner, keys in [(located, ("sha256",)), *((entry.located, _ONLY_WITH_BASE) for entry in entries)]:
        for key in keys:
            if key in owner.keys:
                message = f"{quote(key)} is only allowed in a policy with `extends`"
                problems.error(
                    "EXTENDS_MISSING",
                    message,
                    owner.keys[key],
                    f"add the base, such as `extends: strict`, or remove {quote(key)}",
                )
    parameters = {
        name: ParameterDeclaration(child, span) for name, child, span in _named_children(located, "parameters")
    }
    conditions = {
        name: ConditionDeclaration(child, span) for name, child, span in _named_children(located, "conditions")
    }
    return MergedPolicy(text.name, string_of(located, "description"), parameters, conditions, tuple(entries))


def _extend(base: MergedPolicy, text: ParsedText, problems: Problems) -> MergedPolicy:
    """Return a text merged with its base; report entries that cannot be applied to the base."""
    located = text.located
    if text.name in (name for name in (base.name, *base.bases) if name):
        message = f"the policy has the same name as its base: {quote(text.name)}"
        problems.error("POLICY_NAME_TWICE", message, located.children["policy"].span, "give it another name")
    has_description = "description" in located.children
    return MergedPolicy(
        text.name,
        string_of(located, "description") if has_description else base.description,
        _parameters(base, located, problems),
        _conditions(base, located, problems),
        _RuleMerger(base, text, problems).merged(),
        (*base.bases, base.name),
    )


def rule_maps(located: Located) -> list[Located]:
    """Return the first `MOST_RULES` maps in the list `rules`.

    The schema check reports entries that are not maps. It also reports more than `MOST_RULES` entries.
    """
    rules = located.children.get("rules")
    maps = [] if rules is None else [child for child in rules.children.values() if isinstance(child.value, dict)]
    return maps[:MOST_RULES]


def _named_children(located: Located, key: str) -> Iterator[tuple[str, Located, Span]]:
    """Yield each entry of the map at a key: its name, its value, and the place of its name."""
    declarations = located.children.get(key)
    if declarations is not None and isinstance(declarations.value, dict):
        for name, child in declarations.children.items():
            yield str(name), child, declarations.keys[str(name)]


def _refuse_duplicate_name(entry: RuleEntry, above: Container[str], problems: Problems) -> bool:
    """Report a rule if an earlier rule in the same text has the same name. Return whether the rule was reported."""
    if not entry.name or entry.name not in above:
        return False
    span = entry.located.children["name"].span
    message = f"another rule above already has the name {quote(entry.name)}"
    problems.error("RULE_NAME_TWICE", message, span, "give each rule a different name")
    return True


def _parameters(base: MergedPolicy, located: Located, problems: Problems) -> dict[str, ParameterDeclaration]:
    merged = {
        name: ParameterDeclaration(inherited.located, inherited.key, False, inherited.is_given)
        for name, inherited in base.parameters.items()
    }
    for name, child, span in _named_children(located, "parameters"):
        if name in base.parameters:
            merged[name] = _overridden(name, merged[name], child, span, problems)
            continue
        if isinstance(child.value, dict) and "type" not in child.children:
            message = f"the base {quote(base.name)} has no parameter {quote(name)}, and a new parameter needs a `type`"
            hint = did_you_mean(name, base.parameters) or _list_names("parameters", base.parameters)
            fixes = problems.name_fix(span, name, base.parameters)
            problems.error("PARAMETER_WITHOUT_TYPE", message, span, hint, fixes)
        merged[name] = ParameterDeclaration(child, span)
    if len(merged) > MOST_PARAMETERS and "parameters" in located.keys:
        message = f"with its base the policy has {len(merged)} parameters; at most {MOST_PARAMETERS} are allowed"
        problems.error("POLICY_INVALID", message, located.keys["parameters"])
    return merged


def _conditions(base: MergedPolicy, located: Located, problems: Problems) -> dict[str, ConditionDeclaration]:
    merged = {
        name: ConditionDeclaration(inherited.located, inherited.key, False)
        for name, inherited in base.conditions.items()
    }
    for name, child, span in _named_children(located, "conditions"):
        if name in base.conditions:
            message = f"the base {quote(base.name)} already has a condition {quote(name)}"
            hint = "give this condition another name, and replace the rules that should use it"
            problems.error("CONDITION_EXISTS", message, span, hint)
        else:
            merged[name] = ConditionDeclaration(child, span)
    if len(merged) > MOST_CONDITIONS and "conditions" in located.keys:
        message = f"with its base the policy has {len(merged)} conditions; at most {MOST_CONDITIONS} are allowed"
        problems.error("POLICY_INVALID", message, located.keys["conditions"])
    return merged


def _overridden(
    name: str, inherited: ParameterDeclaration, child: Located, span: Span, problems: Problems
) -> ParameterDeclaration:
    """Return a parameter of the base with the default and the description from a text that extends the base."""
    before = inherited.located
    for key in sorted(child.children.keys() - _OVERRIDABLE, key=str):
        if key in ("type", "optional") and child.children[key].value != _value_of(before, str(key)):
            message = f"the base declares the parameter {quote(name)} with a different {quote(str(key))}"
            hint = "a policy may change only the default and the description of a parameter of its base"
            problems.error("PARAMETER_CHANGED", message, child.keys[str(key)], hint)
    added = {key: part for key, part in child.children.items() if key in _OVERRIDABLE}
    children = before.children | added
    keys = before.keys | {key: place for key, place in child.keys.items() if key in added}
    value = {key: part.value for key, part in children.items()}
    is_given = inherited.is_given or ("default" in added and _value_of(before, "optional") is True)
    return ParameterDeclaration(Located(value, child.span, keys=keys, children=children), span, True, is_given)


def _value_of(declaration: Located, key: str) -> object:
    """Return the value of a key in a declaration. If the key is missing, return its default."""
    child = declaration.children.get(key)
    return (False if key == "optional" else None) if child is None else child.value


def _list_names(kind: str, names: Iterable[str]) -> str:
    listed = list(names)
    return f"the {kind} of the base: {quote_all(listed)}" if listed else f"the base has no {kind}"


class _RuleMerger:
    """Applies the rule entries of one text to the rules of its base."""

    def __init__(self, base: MergedPolicy, text: ParsedText, problems: Problems) -> None:
        self._base = base
        self._text = text
        self._problems = problems
        self._entries = list(base.entries)
        self._own_names: set[str] = set()
        self._removed_names: set[str] = set()
        self._names_below: list[str]  # of the entries that are not applied yet; `merged` sets it
        self._anchors: dict[str, str] = {}  # rule of the text -> the rule in its `after`

    def merged(self) -> tuple[RuleEntry, ...]:
        """Return the rules after all entries of the text were applied."""
        maps = rule_maps(self._text.located)
        for at, located in enumerate(maps):
            self._names_below = [string_of(other, "name") for other in maps[at + 1 :]]
            if "remove" in located.children:
                self._remove(located)
            else:
                self._add(RuleEntry(located, self._text.name))
        self._refuse_count()
        return tuple(self._entries)

    def _refuse_count(self) -> None:
        key = self._text.located.keys.get("rules")
        if key is None:
            return
        if not self._entries:
            self._error("POLICY_INVALID", "all rules are removed", key, "add a rule")
        if len(self._entries) > MOST_RULES:
            message = f"with its base the policy has {len(self._entries)} rules; at most {MOST_RULES} are allowed"
            self._error("POLICY_INVALID", message, key, "")

    def _remove(self, located: Located) -> None:
        for key in sorted(located.keys.keys() - {"remove"}):
            hint = f"delete the key {quote(key)}; to replace the rule, write `replace: true` instead of `remove`"
            message = f"{quote(key)} is not allowed together with `remove`"
            self._error("RULE_POSITION", message, located.keys[key], hint)
        name = located.children["remove"]
        if not isinstance(name.value, str):
            return  # the schema check has reported it
        if name.value in self._own_names:
            message = f"the rule {quote(name.value)} is defined in this policy, not in its base"
            self._error("RULE_REMOVED", message, name.span, _HINT_TWO_ENTRIES)
        elif self._exists(name):
            del self._entries[self._index(name.value)]
            self._removed_names.add(name.value)

    def _add(self, entry: RuleEntry) -> None:
        if not entry.name or _refuse_duplicate_name(entry, self._own_names, self._problems):
            self._entries.append(entry)  # so that its sentence is checked too
            return
        self._own_names.add(entry.name)
        replace = entry.located.children.get("replace")
        if replace is not None and replace.value is True:
            self._replace(entry)
        else:
            self._insert(entry)

    def _replace(self, entry: RuleEntry) -> None:
        """Replace the rule that has the same name."""
        for key in _PLACING:
            if key in entry.located.keys:
                message = "a rule with `replace: true` has the position of the rule that it replaces"
                hint = f"remove {quote(key)}; to move a rule, remove it and add it again"
                self._error("RULE_POSITION", message, entry.located.keys[key], hint)
        if self._exists(entry.located.children["name"]):
            self._entries[self._index(entry.name)] = entry
        else:
            self._entries.append(entry)

    def _insert(self, entry: RuleEntry) -> None:
        """Insert a new rule `before` or `after` another rule, or at the end."""
        located = entry.located
        if entry.name in self._names():
            message = f"the base {quote(self._base.name)} already has a rule {quote(entry.name)}"
            hint = "to replace that rule, add `replace: true`; else give the new rule another name"
            self._error("RULE_EXISTS", message, located.children["name"].span, hint)
        places = [key for key in _PLACING if key in located.keys]
        if len(places) > 1:
            message = "`before` and `after` cannot be used together"
            self._error("RULE_POSITION", message, located.keys[places[1]], "remove one of the two keys")
        at = min([self._position(entry, key) for key in places], default=len(self._entries))
        self._entries.insert(at, entry)

    def _position(self, entry: RuleEntry, key: str) -> int:
        """Return the index at which a rule is inserted.

        If the other rule is unknown, report this and return the end.
        """
        anchor = entry.located.children[key]
        if not isinstance(anchor.value, str) or not self._exists(anchor):
            return len(self._entries)
        if key == "before":
            return self._index(anchor.value)
        last = max(at for at, name in enumerate(self._names()) if self._reaches(name, anchor.value))
        self._anchors[entry.name] = anchor.value
        return last + 1

    def _reaches(self, name: str, anchor: str) -> bool:
        """Return whether a rule is the anchor, or belongs to the rules that were inserted after the anchor.

        If `b` was inserted after `a`, and `c` after `b`, then `c` belongs to the rules after `a` too.
        """
        while name != anchor and name in self._anchors:
            name = self._anchors[name]
        return name == anchor

    def _exists(self, located: Located) -> bool:
        """Return whether a rule with this name exists at this point. If not, report the name."""
        name, names = str(located.value), self._names()
        if name in names:
            return True
        if name in self._removed_names:
            message = f"the rule {quote(name)} is removed by an entry above"
            self._error("RULE_REMOVED", message, located.span, _HINT_TWO_ENTRIES)
        elif name in self._names_below:
            message = f"the rule {quote(name)} is defined below this entry"
            self._error("RULE_UNKNOWN", message, located.span, "move it above this entry")
        else:
            inherited = [entry.name for entry in self._base.entries]
            hint = did_you_mean(name, names) or _list_names("rules", inherited)
            message = f"the base {quote(self._base.name)} has no rule {quote(name)}"
            fixes: tuple[Fix, ...] = ()
            if hint.startswith("did you mean"):
                fixes = self._problems.name_fix(located.span, name, names)
            self._error("RULE_UNKNOWN", message, located.span, hint, fixes)
        return False

    def _names(self) -> list[str]:
        return [entry.name for entry in self._entries]

    def _index(self, name: str) -> int:
        return self._names().index(name)

    def _error(self, code: str, message: str, span: Span, hint: str, fixes: tuple[Fix, ...] = ()) -> None:
        self._problems.error(code, message, span, hint, fixes)
