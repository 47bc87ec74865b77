"""Count an upper bound of the steps of a rule before it is evaluated, so that no policy can block an engine.

`count_steps` counts the steps of a rule for one report, with the sizes that the report, the host and the parameters
have. `budget.py` limits the sum for all rules, and `degree.py` gives the degree that `activenic check` prints.

Invariant: the count is an upper bound of the clauses that the interpreter evaluates, for every policy and every host. A
test compares it with the number of clauses that the interpreter evaluated, on hosts that are each large in one respect.
A step is roughly the work of the interpreter for one clause. Everything that can grow is counted:

- each clause: once for each subject, and inside a quantifier once for each element of the quantifier's list;
- the search of a relation. For `overlaps` and `within`, the elements of a set are counted. For an address `in` a list
  of networks, the prefix lengths are counted. For `like`, the patterns are counted, and a long text counts more;
- the forms that are built once for a rule (`lists.py`): lists of interfaces, routes to an address, compiled patterns,
  the least or greatest value of a list, the closure of the topology;
- the trace: the names of the candidates before and after a rule, and the names of the interfaces for which it is true;
- the finding for each subject, with every element that its message and hint print.

Each count consists of two numbers (`_Steps`): the greatest number of steps for one subject, and the greatest number of
steps for all subjects together. The second number can be much less than the first number times the number of subjects.
For example, if one interface carries all VLANs of a host, it has a long list, but all other interfaces have short
lists. So the lists of all subjects together are limited in two ways: by the sum of their lengths, and by the longest
length times the number of subjects. The smaller limit is used.

Second invariant: a larger size never gives a smaller count. `budget.py` depends on this invariant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from evaluator.facts.lists import Lists
from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Count,
    Expression,
    Filter,
    InState,
    IsKnown,
    ListOf,
    Not,
    ParameterValue,
    Quantified,
    Read,
    Relate,
    Related,
    RouteTo,
    Truth,
    Variable,
    floor_of,
    is_bound,
    walk,
)
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Rule, Template
from evaluator.policy.language.types import Base
from evaluator.policy.language.verbs import Judges
from evaluator.policy.language.vocabulary import Word
from evaluator.policy.run.candidate_index import extreme_of

SHORT = 64  # lists and texts of a usual host are shorter than this
# The number of elements or characters that cost about one step:
_IN_A_SET = 16
_IN_A_LIST = 4
_IN_A_TEXT = 16
_MATCHED_BY_A_PATTERN = 64
# The number of steps of one action:
_MAKE_A_FINDING = 8
_SHOW_AN_ELEMENT = 4
_COMPILE_A_PATTERN = 100
_MOST_PREFIX_LENGTHS = 161  # of subnets of both families
_NEIGHBOUR_WORDS = frozenset({"slaves", "ports", "lowers", "uppers"})  # other lists of interfaces may be whole stacks
_HOST_ADDRESS_WORDS = frozenset({"matched", "host_prefixes"})


class Stacks(Struct, frozen=True):
    """The lengths of two lists that each interface has.

    `above` are the interfaces above it. `related` are the interfaces in its stack, and their neighbours.
    """

    above: Lists
    related: Lists


class ValueSize(Struct, frozen=True):
    """The size of a parameter's value: the number of its elements, and the length of its longest text."""

    count: int = 1
    text: int = 0


class Sizes(Struct, frozen=True):
    """The lengths of lists and texts on one host.

    `interfaces`, `candidates`, `answers` and `networks` are numbers of elements; `host_name` is the length of the
    host's name, `name` is the length of the longest name of an interface or network. Each interface has lists of
    addresses, networks and routes; `lists` has the lengths of these lists. `neighbours` has the lengths of the lists of
    direct neighbours. `neighbours` and `stacks` are computed when a rule reads them.
    """

    interfaces: int
    candidates: int
    answers: int
    host_name: int
    networks: int
    lists: Lists
    neighbours: Callable[[], Lists]
    name: int
    parameters: Mapping[str, ValueSize]
    stacks: Callable[[], Stacks]

    @classmethod
    def usual(cls, interfaces: int, parameters: Iterable[str]) -> Sizes:
        """Return the greatest sizes of a host with this number of interfaces and with short lists and texts.

        A list of interfaces such as `nic.stack` may contain all interfaces.
        """
        lists, stacks = Lists(SHORT, SHORT * interfaces), Lists(interfaces, interfaces * interfaces)
        neighbours = Lists(interfaces, 2 * SHORT * interfaces)  # the lists of slaves and ports are short too
        values = dict.fromkeys(parameters, ValueSize(SHORT, SHORT))
        return cls(
            interfaces,
            interfaces,
            SHORT,
            SHORT,
            SHORT,
            lists,
            lambda: neighbours,
            SHORT,
            values,
            lambda: Stacks(stacks, stacks),
        )


class _Steps(NamedTuple):
    """The maximum number of steps for one subject, and for all subjects together."""

    each: int
    total: int

    def __mul__(self, other: object) -> _Steps:
        """Return the steps of a loop. `self` are its iterations, and `other` are the steps of one iteration."""
        if not isinstance(other, _Steps):
            return NotImplemented
        return _Steps(self.each * other.each, min(self.each * other.total, self.total * other.each))

    def plus(self, *others: _Steps) -> _Steps:
        """Return the sum."""
        each = self.each + sum(other.each for other in others)
        return _Steps(each, self.total + sum(other.total for other in others))


def count_steps(rule: Rule, sizes: Sizes) -> int:
    """Return an upper bound of the steps of a rule on a host with these sizes."""
    subjects = 1
    if rule.has_subject:
        subjects = sizes.interfaces if rule.verb.judges is Judges.INTERFACES else sizes.candidates
    trace_steps = 2 * (sizes.candidates + subjects) * (1 + sizes.name // _IN_A_TEXT)
    if not subjects:
        return trace_steps
    counter = _StepCounter(sizes, subjects)
    steps = counter.condition(rule.condition)
    if not rule.verb.chooses:
        steps = steps.plus(counter.finding(rule))
    return trace_steps + counter.once_per_rule(rule) + steps.total


class _StepCounter:
    """Counts the steps of one rule. The rule is evaluated `subjects` times: usually once for each interface."""

    def __init__(self, sizes: Sizes, subjects: int) -> None:
        self._sizes = sizes
        self._subjects = subjects

    def condition(self, condition: Condition) -> _Steps:
        """Count the clauses of a condition, and the elements that these clauses search."""
        clause = self._per_subject(1)
        match condition:
            case AllOf(conditions=parts) | AnyOf(conditions=parts):
                return clause.plus(*map(self.condition, parts))
            case Not(condition=inner):
                return clause.plus(self.condition(inner))
            case Quantified() if extreme_of(condition) is not None:
                return clause
            case Quantified():
                return self._loop(condition)
            case Related(left=left, right=right):
                return clause.plus(self._operand(left), self._operand(right), self._relation(condition))
            case InState(operand=operand) | IsKnown(operand=operand) | Truth(operand=operand):
                return clause.plus(self._operand(operand))

    def _loop(self, node: Quantified | Filter) -> _Steps:
        """Count a condition that is evaluated for each element of a list."""
        iterations, floor = self._length(node.domain), floor_of(node)
        if floor is not None:
            iterations = self._minimum(iterations, self._list_of_nic(floor, self._sizes.stacks().above))
        return self._per_subject(1).plus(self._operand(node.domain), iterations * self.condition(node.body))

    def finding(self, rule: Rule) -> _Steps:
        """Count the finding of a rule, and the elements that the message and the hint of the rule print."""
        parts = [part for template in (rule.message, rule.hint) for part in template.parts]
        return self._per_subject(_MAKE_A_FINDING).plus(*map(self._message_part, parts))

    def once_per_rule(self, rule: Rule) -> int:
        """Count the steps to convert lists to the forms that the rule searches: sets, tables and compiled patterns."""
        nodes = [node for root in (rule.condition, *_words(rule.message, rule.hint)) for node in walk(root)]
        steps = 0
        for node in nodes:
            match node:
                case Read(word=word) if word.owner is Base.NIC and node.type.is_list:
                    steps += 2 * self._sizes.interfaces + self._lists_of(word).total // _IN_A_LIST
                case Read() if node.type.is_list:
                    steps += self._length(node).each // _IN_A_LIST
                case RouteTo():
                    steps += self._route()
                case Related(relation=Relate.LIKE, right=right):
                    steps += self._patterns(right)
                case Quantified(domain=domain) if extreme_of(node) is not None:
                    steps += self._length(domain).each
                case _:
                    pass
        return steps

    def _relation(self, condition: Related) -> _Steps:
        """Count the elements that a relation searches, in addition to its clause."""
        left, right = condition.left, condition.right
        match condition.relation:
            case Relate.OVERLAPS | Relate.WITHIN:
                return self._set_search(self._length(left))
            case Relate.IN_NETWORK if right.type.is_list:
                lengths = self._minimum(self._length(right), self._per_subject(_MOST_PREFIX_LENGTHS))
                return self._set_search(lengths)
            case Relate.LIKE:
                matches = 1 + self._text(left) // _MATCHED_BY_A_PATTERN
                return self._length(right) * self._per_subject(matches)
            case _:
                return self._per_subject(0)

    def _operand(self, expression: Expression) -> _Steps:
        """Count the work for an operand that is evaluated again for each subject.

        If an operand is converted only once for a rule, for example to a set, `once_per_rule` counts this work.
        """
        match expression:
            case Filter():
                return self._loop(expression)
            case Count(operand=operand):
                return self._operand(operand)
            case RouteTo() if is_bound(expression):
                return self._per_subject(self._route())
            case ListOf(operands=operands) if is_bound(expression):
                return self._per_subject(len(operands)).plus(*map(self._operand, operands))
            case _:
                return self._per_subject(0)

    def _route(self) -> int:
        """Count the search for the best route to one address."""
        return 2 * self._sizes.interfaces + self._sizes.lists.total

    def _patterns(self, globs: Expression) -> int:
        """Count the steps to compile patterns. Each pattern is compiled once.

        If a pattern depends on a variable, there can be a different pattern for each interface, and for each element of
        the interfaces' lists.
        """
        count = self._sizes.interfaces + self._sizes.lists.total if is_bound(globs) else self._length(globs).each
        return count * (_COMPILE_A_PATTERN + self._text(globs))

    def _message_part(self, part: str | Expression) -> _Steps:
        """Count the steps to print a text or the elements of a value."""
        if isinstance(part, str):
            return self._per_subject(1 + len(part) // _IN_A_TEXT)
        element = self._per_subject(_SHOW_AN_ELEMENT + self._text(part) // _IN_A_TEXT)
        count = self._owners() if part.type.base is Base.OWNER else self._length(part)
        return self._per_subject(1).plus(count * element)

    def _owners(self) -> _Steps:
        """Return the size of a list of owners: the number of interfaces plus the number of their host addresses."""
        sizes = self._sizes
        return self._per_subject(sizes.interfaces + min(sizes.lists.total, sizes.interfaces * sizes.answers))

    def _text(self, expression: Expression) -> int:
        """Return the length of the longest text that can be the value of an expression."""
        match expression:
            case ParameterValue(name=name):
                return self._sizes.parameters[name].text
            case Constant(value=value):
                return max(map(len, texts_in(value)), default=0)
            case ListOf(operands=operands):
                return max(map(self._text, operands), default=0)
            case Read(word=word) if word.owner is Base.HOST:
                return self._sizes.host_name if word.type.base is Base.TEXT else 0
            case _:
                return self._sizes.name if expression.type.base in (Base.TEXT, Base.NIC, Base.OWNER) else 0

    def _length(self, expression: Expression) -> _Steps:
        """Return the length of a list; 1 for a single value."""
        sizes = self._sizes
        match expression:
            case _ if not expression.type.is_list:
                return self._per_subject(1)
            case ListOf(operands=operands):
                return self._per_subject(len(operands))
            case Filter(domain=domain):
                return self._length(domain)
            case Constant(value=value):
                return self._per_subject(len(value) if isinstance(value, tuple) else 1)
            case ParameterValue(name=name):
                return self._per_subject(sizes.parameters[name].count)
            case Read(word=word, owner=owner) if owner is not None and word.owner is Base.NIC:
                return self._list_of_nic(owner, self._lists_of(word))
            case Read(word=word) if word.name == "candidates":
                return self._per_subject(sizes.candidates)
            case _ if expression.type.base is Base.NIC:
                return self._per_subject(sizes.interfaces)
            case Read(word=word) if word.owner is Base.REPORT:
                return self._per_subject(sizes.networks)
            case _:
                return self._per_subject(sizes.answers)

    def _lists_of(self, word: Word) -> Lists:
        """Return how long the lists of a word are. A word such as `nic.slaves` has one list for each interface."""
        if word.name in _NEIGHBOUR_WORDS:
            return self._sizes.neighbours()
        if word.type.base is Base.NIC:
            return self._sizes.stacks().related
        lists = self._sizes.lists
        return Lists(min(lists.most, self._sizes.answers), lists.total) if word.name in _HOST_ADDRESS_WORDS else lists

    def _list_of_nic(self, nic: Expression, lists: Lists) -> _Steps:
        """Return an upper bound for the elements that a rule reads from lists such as `nic.slaves`.

        A rule is evaluated once for each interface, its subject. `each` is the bound for one subject: the length of the
        longest list. `total` is the bound for all subjects together:

        - `nic.slaves`: `nic` is the subject, so each list is read once. `total` is the sum of the lengths of all lists.
        - `x.slaves` in `some x in candidates satisfies …`: for every subject, `x` can be the interface with the longest
          list. So `total` is the length of the longest list, multiplied by the number of subjects.
        """
        longest = lists.most * self._subjects
        is_subject = isinstance(nic, Variable) and nic.name == "nic"
        return _Steps(lists.most, min(lists.total, longest) if is_subject else longest)

    def _per_subject(self, steps: int) -> _Steps:
        """Return a number of steps that is the same for each subject."""
        return _Steps(steps, steps * self._subjects)

    def _set_search(self, elements: _Steps) -> _Steps:
        """Return the number of elements divided by `_IN_A_SET`, rounded up for each subject."""
        each = -(-elements.each // _IN_A_SET)
        return _Steps(each, min(each * self._subjects, elements.total // _IN_A_SET + self._subjects))

    def _minimum(self, left: _Steps, right: _Steps) -> _Steps:
        return _Steps(min(left.each, right.each), min(left.total, right.total))


def _words(*templates: Template) -> Iterator[Expression]:
    return (part for template in templates for part in template.parts if not isinstance(part, str))


def texts_in(value: Value) -> Iterator[str]:
    """Yield the texts of a value: the value itself, or the elements of a list."""
    return (item for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, str))
