"""One policy out of a base and a text that extends it, before anything in it is checked.

The text's rule entries are applied to the base's rules from top to bottom, each to the list that the entries above it
left: an entry adds a rule (at the end, `before` or `after` another), takes the place of one, or removes one. Rules that
are put after the same rule remain in their order. An inherited rule or parameter has its place in its own text.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from evaluator.base.source import Span
from evaluator.base.text import did_you_mean, quote, quote_all
from evaluator.policy.source.chain import Text, string_of
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.yaml_text import Located

MOST_RULES = 200
MOST_PARAMETERS = 100
MOST_CONDITIONS = 100
_ONLY_WITH_BASE = ("before", "after", "replace", "remove")
_PLACING = ("before", "after")
_ONE_ENTRY = "remove one of the two entries"
_CHANGED = frozenset({"default", "description"})  # what a text may change of a parameter of its base


class Entry(Struct, frozen=True):
    """The entry of a rule in a text, and the name of that text's policy."""

    located: Located
    policy: str

    @property
    def name(self) -> str:
        """The rule's name; empty if it has none."""
        return string_of(self.located, "name")


class Declared(Struct, frozen=True):
    """A parameter as it is declared by all texts together.

    `key` is its place in the last text that names it; `is_own` is true if that is the policy's own text, `is_given` if
    a text gives a default to an optional parameter of its base.
    """

    located: Located
    key: Span
    is_own: bool = True
    is_given: bool = False


class Stated(Struct, frozen=True):
    """A named condition as it stands in a text, and whether that is the policy's own text."""

    located: Located
    key: Span
    is_own: bool = True


class Merged(Struct, frozen=True):
    """The content of one text, or of several together. `bases` are the names of the policies that it extends."""

    name: str
    description: str
    parameters: Mapping[str, Declared]
    conditions: Mapping[str, Stated]
    entries: tuple[Entry, ...]
    bases: tuple[str, ...] = ()


def levels(texts: Sequence[Text], problems: Problems) -> Iterator[Merged]:
    """Yield the content of the first of a policy's texts, then that of each further one with those before it."""
    merged = _alone(texts[0], problems)
    yield merged
    for text in texts[1:]:
        merged = _extend(merged, text, problems)
        yield merged


def _alone(text: Text, problems: Problems) -> Merged:
    """Return the content of a text that extends no other; keys that need `extends` are noted."""
    located = text.located
    entries: list[Entry] = []
    for entry in rule_maps(located):
        added = Entry(entry, text.name)
        _refuse_name_twice(added, {one.name for one in entries}, problems)
        entries.append(added)
    for owner, keys in [(located, ("sha256",)), *((entry.located, _ONLY_WITH_BASE) for entry in entries)]:
        for key in keys:
            if key in owner.keys:
                message = f"{quote(key)} needs a base, and this policy extends none"
                problems.error("EXTENDS_MISSING", message, owner.keys[key], "name the base: `extends: strict`")
    parameters = {name: Declared(child, span) for name, child, span in _own(located, "parameters")}
    conditions = {name: Stated(child, span) for name, child, span in _own(located, "conditions")}
    return Merged(text.name, string_of(located, "description"), parameters, conditions, tuple(entries))


def _extend(base: Merged, text: Text, problems: Problems) -> Merged:
    """Return the content of a text and its base together; mistakes in how it extends the base are noted."""
    located = text.located
    if text.name in (name for name in (base.name, *base.bases) if name):
        message = f"the policy has the name of a policy that it extends, {quote(text.name)}"
        problems.error("POLICY_NAME_TWICE", message, located.children["policy"].span, "give it a name of its own")
    has_description = "description" in located.children
    return Merged(
        text.name,
        string_of(located, "description") if has_description else base.description,
        _parameters(base, located, problems),
        _conditions(base, located, problems),
        _Rules(base, text, problems).merged(),
        (*base.bases, base.name),
    )


def rule_maps(located: Located) -> list[Located]:
    """Return the entries of a text's rules that are maps; the schema has refused others, and more than it allows."""
    rules = located.children.get("rules")
    maps = [] if rules is None else [child for child in rules.children.values() if isinstance(child.value, dict)]
    return maps[:MOST_RULES]


def _own(located: Located, key: str) -> Iterator[tuple[str, Located, Span]]:
    """Yield what a text declares by name."""
    own = located.children.get(key)
    if own is not None and isinstance(own.value, dict):
        for name, child in own.children.items():
            yield str(name), child, own.keys[str(name)]


def _refuse_name_twice(entry: Entry, above: Container[str], problems: Problems) -> bool:
    """Note a rule with the name of another one in the same text, and return whether it has it."""
    if not entry.name or entry.name not in above:
        return False
    span = entry.located.children["name"].span
    message = f"the name {quote(entry.name)} is used by a rule above"
    problems.error("RULE_NAME_TWICE", message, span, "give each rule a name of its own")
    return True


def _parameters(base: Merged, located: Located, problems: Problems) -> dict[str, Declared]:
    merged = {name: Declared(one.located, one.key, False, one.is_given) for name, one in base.parameters.items()}
    for name, child, span in _own(located, "parameters"):
        if name in base.parameters:
            merged[name] = _changed(name, merged[name], child, span, problems)
            continue
        if isinstance(child.value, dict) and "type" not in child.children:
            message = f"the base {quote(base.name)} has no parameter {quote(name)}, so it needs a `type`"
            hint = did_you_mean(name, base.parameters) or _known("parameters", base.parameters)
            problems.error("PARAMETER_WITHOUT_TYPE", message, span, hint)
        merged[name] = Declared(child, span)
    if len(merged) > MOST_PARAMETERS and "parameters" in located.keys:
        message = f"with its base the policy has {len(merged)} parameters; at most {MOST_PARAMETERS} are allowed"
        problems.error("POLICY_INVALID", message, located.keys["parameters"])
    return merged


def _conditions(base: Merged, located: Located, problems: Problems) -> dict[str, Stated]:
    merged = {name: Stated(one.located, one.key, False) for name, one in base.conditions.items()}
    for name, child, span in _own(located, "conditions"):
        if name in base.conditions:
            message = f"the base {quote(base.name)} has a condition {quote(name)} already"
            hint = "give this one another name, and replace the rules that should use it"
            problems.error("CONDITION_EXISTS", message, span, hint)
        else:
            merged[name] = Stated(child, span)
    if len(merged) > MOST_CONDITIONS and "conditions" in located.keys:
        message = f"with its base the policy has {len(merged)} conditions; at most {MOST_CONDITIONS} are allowed"
        problems.error("POLICY_INVALID", message, located.keys["conditions"])
    return merged


def _changed(name: str, inherited: Declared, child: Located, span: Span, problems: Problems) -> Declared:
    """Return a parameter of the base as a text changes it."""
    before = inherited.located
    for key in sorted(child.children.keys() - _CHANGED, key=str):
        if key in ("type", "optional") and child.children[key].value != _declared(before, str(key)):
            message = f"the base declares the parameter {quote(name)} with another {quote(str(key))}"
            hint = "a policy may change the default and the description of a parameter of its base"
            problems.error("PARAMETER_CHANGED", message, child.keys[str(key)], hint)
    added = {key: part for key, part in child.children.items() if key in _CHANGED}
    children = before.children | added
    keys = before.keys | {key: place for key, place in child.keys.items() if key in added}
    value = {key: part.value for key, part in children.items()}
    is_given = inherited.is_given or ("default" in added and _declared(before, "optional") is True)
    return Declared(Located(value, child.span, keys=keys, children=children), span, True, is_given)


def _declared(located: Located, key: str) -> object:
    found = located.children.get(key)
    return (False if key == "optional" else None) if found is None else found.value


def _known(what: str, names: Iterable[str]) -> str:
    listed = list(names)
    return f"its {what}: {quote_all(listed)}" if listed else f"it has no {what}"


class _Rules:
    """Applies the rule entries of one text to the rules of its base."""

    def __init__(self, base: Merged, text: Text, problems: Problems) -> None:
        self._base = base
        self._text = text
        self._problems = problems
        self._entries = list(base.entries)
        self._own: set[str] = set()
        self._removed: set[str] = set()
        self._below: list[str] = []  # the names in the entries that are not applied yet
        self._anchors: dict[str, str] = {}  # by the name of a rule of the text, that of the rule which it is put after

    def merged(self) -> tuple[Entry, ...]:
        """Return the rules after all entries of the text."""
        maps = rule_maps(self._text.located)
        for at, located in enumerate(maps):
            self._below = [string_of(other, "name") for other in maps[at + 1 :]]
            if "remove" in located.children:
                self._remove(located)
            else:
                self._add(Entry(located, self._text.name))
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
            hint = "remove this key; to replace the rule, use `replace: true` instead of `remove`"
            self._error("RULE_POSITION", f"{quote(key)} does not go with `remove`", located.keys[key], hint)
        named = located.children["remove"]
        if not isinstance(named.value, str):
            return  # noted by the schema
        if named.value in self._own:
            message = f"the rule {quote(named.value)} is defined in this policy itself"
            self._error("RULE_REMOVED", message, named.span, _ONE_ENTRY)
        elif self._is_present(named):
            del self._entries[self._index(named.value)]
            self._removed.add(named.value)

    def _add(self, entry: Entry) -> None:
        if not entry.name or _refuse_name_twice(entry, self._own, self._problems):
            self._entries.append(entry)  # its sentence is checked all the same
            return
        self._own.add(entry.name)
        replace = entry.located.children.get("replace")
        if replace is not None and replace.value is True:
            self._replace(entry)
        else:
            self._insert(entry)

    def _replace(self, entry: Entry) -> None:
        """Put a rule in the place of the one that has its name."""
        for key in _PLACING:
            if key in entry.located.keys:
                message = "a rule that replaces another one takes its place"
                hint = f"remove {quote(key)}; to move a rule, remove it and add it again"
                self._error("RULE_POSITION", message, entry.located.keys[key], hint)
        if self._is_present(entry.located.children["name"]):
            self._entries[self._index(entry.name)] = entry
        else:
            self._entries.append(entry)

    def _insert(self, entry: Entry) -> None:
        """Put a new rule where it belongs among the others."""
        located = entry.located
        if entry.name in self._names():
            message = f"the base {quote(self._base.name)} has a rule {quote(entry.name)} already"
            hint = "to replace it, add `replace: true`; else give this rule another name"
            self._error("RULE_EXISTS", message, located.children["name"].span, hint)
        places = [key for key in _PLACING if key in located.keys]
        if len(places) > 1:
            message = "`before` and `after` exclude each other"
            self._error("RULE_POSITION", message, located.keys[places[1]], "remove one of the two keys")
        at = min([self._position(entry, key) for key in places], default=len(self._entries))
        self._entries.insert(at, entry)

    def _position(self, entry: Entry, key: str) -> int:
        """Return the index at which a rule is put before or after another one."""
        anchor = entry.located.children[key]
        if not isinstance(anchor.value, str) or not self._is_present(anchor):
            return len(self._entries)
        if key == "before":
            return self._index(anchor.value)
        last = max(at for at, name in enumerate(self._names()) if self._is_behind(name, anchor.value))
        self._anchors[entry.name] = anchor.value
        return last + 1

    def _is_behind(self, name: str, anchor: str) -> bool:
        """Return whether a rule is the anchor, was put after it, or after a rule that was put after it."""
        while name != anchor and name in self._anchors:
            name = self._anchors[name]
        return name == anchor

    def _is_present(self, named: Located) -> bool:
        """Return whether there is a rule of that name; if not, that is noted."""
        name, names = str(named.value), self._names()
        if name in names:
            return True
        if name in self._removed:
            self._error("RULE_REMOVED", f"the rule {quote(name)} is removed above", named.span, _ONE_ENTRY)
        elif name in self._below:
            message = f"the rule {quote(name)} is defined below"
            self._error("RULE_UNKNOWN", message, named.span, "move it above this one")
        else:
            inherited = [entry.name for entry in self._base.entries]
            hint = did_you_mean(name, names) or _known("rules", inherited)
            message = f"the base {quote(self._base.name)} has no rule {quote(name)}"
            self._error("RULE_UNKNOWN", message, named.span, hint)
        return False

    def _names(self) -> list[str]:
        return [entry.name for entry in self._entries]

    def _index(self, name: str) -> int:
        return self._names().index(name)

    def _error(self, code: str, message: str, span: Span, hint: str) -> None:
        self._problems.error(code, message, span, hint)
