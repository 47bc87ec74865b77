"""What a rule costs at worst: read from its text as a degree, and counted in steps for one report.

`cost_of` gives the degree: subjects times the product of the quantifiers' lists. `price_of` counts steps, before a
rule is run, with the sizes that the report, the host and the parameters have. A step is about what the interpreter
does for one clause. All that grows counts:

- every clause, once for each subject and each element of the quantifiers around it, with what its relation has to look
  through: a set for `overlaps` and `within`, lengths of prefixes for `in` a list of networks, every pattern of `like`,
  which takes longer for long texts;
- what is made once for a rule (`lists.py`): the lists of interfaces, routes to an address, compiled patterns, the
  least or greatest of a list, the closure of the topology;
- the trace: the names of the candidates before and after a rule, and of those for which it held;
- the finding of each subject for which a judge may hold, with every element that its message and hint print.

A subject's own lists are counted with their sum over all interfaces where that is less than the longest of them for
each subject: one interface with all vlans of a host costs as much as many with one.

The count never falls where a size grows. So `Pricing` finds out once, when a policy is compiled, how many interfaces
a host with short lists and texts may have, and below that nothing has to be counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.text import quote
from evaluator.facts.host import HostFacts
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
    filters_of,
    floor_of,
    is_bound,
    walk,
)
from evaluator.policy.language.environment import Question, Value
from evaluator.policy.language.program import Cost, Program, Rule, Template
from evaluator.policy.language.types import Base
from evaluator.policy.language.verbs import Judges
from evaluator.policy.language.vocabulary import Word
from evaluator.policy.run.candidate_index import extreme_of

STEP_BUDGET = 30_000_000
SHORT = 64  # no list or text of a usual host is so long
# so many elements or characters cost about as much as one step
_IN_A_SET = 16
_IN_A_LIST = 4
_IN_A_TEXT = 16
_UNDER_A_PATTERN = 64
_OCTETS_OF_THE_CLOSURE = 16
# and so many steps it takes to
_MAKE_A_FINDING = 8
_SHOW_AN_ELEMENT = 4
_COMPILE_A_PATTERN = 100
_MOST_LENGTHS = 161  # of prefixes: those of subnets of both families
_OF_NEIGHBOURS = frozenset({"slaves", "ports", "lowers", "uppers"})  # other lists of interfaces may be whole stacks
_OF_HOST_ADDRESSES = frozenset({"matched", "host_prefixes"})


def cost_of(condition: Condition, has_subject: bool) -> Cost:
    """Return the degree of a rule with this condition."""
    worst = _degree(condition)
    return Cost(worst.nics + has_subject, worst.others)


def worst_cost(program: Program) -> Cost:
    """Return the cost of the rule that costs most on a large report."""
    return max((rule.cost for rule in program.rules), key=lambda cost: cost.rank, default=Cost())


def _degree(condition: Condition) -> Cost:
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return max((_degree(part) for part in parts), key=lambda cost: cost.rank)
        case Not(condition=inner):
            return _degree(inner)
        case Quantified():
            return _degree_of_each(condition)
        case _:
            filters = map(_degree_of_each, filters_of(condition))
            return max(filters, key=lambda cost: cost.rank, default=Cost())


def _degree_of_each(node: Quantified | Filter) -> Cost:
    """Return the degree of a condition that is judged for each element of a list."""
    inside = _degree(node.body)
    if isinstance(node.domain, ListOf | Constant):
        return inside
    is_nics = node.domain.type.base is Base.NIC
    return Cost(inside.nics + is_nics, inside.others + (not is_nics))


class Stacks(Struct, frozen=True):
    """What is above each interface, and all that each has to do with: its stack, and its neighbours."""

    above: Lists
    related: Lists


class Given(Struct, frozen=True):
    """The value of a parameter: how many elements it has, and how long its longest text is."""

    count: int = 1
    text: int = 0


class Sizes(Struct, frozen=True):
    """How long lists and texts are on this report.

    All interfaces, the candidates, the host's answers and name, its networks, the lists of interfaces that are not
    lists of interfaces (addresses, networks, routes), those of direct neighbours, the longest name of an interface or
    network, and the parameters. `neighbours` and `stacks` are found when a rule looks at them.
    """

    interfaces: int
    candidates: int
    answers: int
    host_name: int
    networks: int
    lists: Lists
    neighbours: Callable[[], Lists]
    name: int
    parameters: Mapping[str, Given]
    stacks: Callable[[], Stacks]

    @classmethod
    def usual(cls, interfaces: int, parameters: Iterable[str]) -> Sizes:
        """Return the sizes of a host with so many interfaces, all in one stack, and short lists and texts."""
        lists, stacks = Lists(SHORT, SHORT * interfaces), Lists(interfaces, interfaces * interfaces)
        neighbours = Lists(interfaces, 2 * SHORT * interfaces)  # the lists of slaves and ports are short too
        given = dict.fromkeys(parameters, Given(SHORT, SHORT))
        return cls(
            interfaces,
            interfaces,
            SHORT,
            SHORT,
            SHORT,
            lists,
            lambda: neighbours,
            SHORT,
            given,
            lambda: Stacks(stacks, stacks),
        )


class _Steps(NamedTuple):
    """How many steps it takes for one subject at most, and for all subjects together."""

    each: int
    all: int

    def __mul__(self, other: object) -> _Steps:
        """Return how many it takes to do the one as often as the other says."""
        if not isinstance(other, _Steps):
            return NotImplemented
        return _Steps(self.each * other.each, min(self.each * other.all, self.all * other.each))

    def plus(self, *others: _Steps) -> _Steps:
        """Return how many it takes to do all of them."""
        return _Steps(self.each + sum(one.each for one in others), self.all + sum(one.all for one in others))


def price_of(rule: Rule, sizes: Sizes) -> int:
    """Return the steps that a rule may take at worst."""
    subjects = 1
    if rule.has_subject:
        subjects = sizes.interfaces if rule.verb.judges is Judges.INTERFACES else sizes.candidates
    traced = 2 * (sizes.candidates + subjects) * (1 + sizes.name // _IN_A_TEXT)
    if not subjects:
        return traced
    count = _Count(sizes, subjects)
    steps = count.condition(rule.condition)
    if not rule.verb.chooses:
        steps = steps.plus(count.finding(rule))
    return traced + count.made_once(rule) + steps.all


class _Count:
    """Counts the steps of one rule."""

    def __init__(self, sizes: Sizes, subjects: int) -> None:
        self._sizes = sizes
        self._subjects = subjects

    def condition(self, condition: Condition) -> _Steps:
        """Count the clauses, and what they look through."""
        one = self._always(1)
        match condition:
            case AllOf(conditions=parts) | AnyOf(conditions=parts):
                return one.plus(*map(self.condition, parts))
            case Not(condition=inner):
                return one.plus(self.condition(inner))
            case Quantified() if extreme_of(condition) is not None:
                return one
            case Quantified():
                return self._of_each(condition)
            case Related(left=left, right=right):
                return one.plus(self._work(left), self._work(right), self._relation(condition))
            case InState(operand=operand) | IsKnown(operand=operand) | Truth(operand=operand):
                return one.plus(self._work(operand))

    def _of_each(self, node: Quantified | Filter) -> _Steps:
        """Count a condition that is judged for each element of a list."""
        turns, floor = self._length(node.domain), floor_of(node)
        if floor is not None:
            turns = self._least(turns, self._of_nic(floor, self._sizes.stacks().above))
        return self._always(1).plus(self._work(node.domain), turns * self.condition(node.body))

    def finding(self, rule: Rule) -> _Steps:
        """Count a finding and what its message and hint print."""
        parts = [part for template in (rule.message, rule.hint) for part in template.parts]
        return self._always(_MAKE_A_FINDING).plus(*map(self._printed, parts))

    def made_once(self, rule: Rule) -> int:
        """Count what is made once for the rule."""
        nodes = [node for root in (rule.condition, *_words(rule.message, rule.hint)) for node in walk(root)]
        steps = 0
        for node in nodes:
            match node:
                case Read(word=word) if word.owner is Base.NIC and node.type.is_list:
                    steps += 2 * self._sizes.interfaces + self._lists(word).total // _IN_A_LIST
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
        """Count what a relation looks through beside its clause."""
        left, right = condition.left, condition.right
        match condition.relation:
            case Relate.OVERLAPS | Relate.WITHIN:
                return self._part(self._length(left))
            case Relate.IN_NETWORK if right.type.is_list:
                return self._part(self._least(self._length(right), self._always(_MOST_LENGTHS)))
            case Relate.LIKE:
                texts = 1 + self._text(left) // _UNDER_A_PATTERN
                return self._length(right) * self._always(texts)
            case _:
                return self._always(0)

    def _work(self, expression: Expression) -> _Steps:
        """Count what it takes to evaluate an operand each time; what is kept for the rule is counted once."""
        match expression:
            case Filter():
                return self._of_each(expression)
            case Count(operand=operand):
                return self._work(operand)
            case RouteTo() if is_bound(expression):
                return self._always(self._route())
            case ListOf(operands=operands) if is_bound(expression):
                return self._always(len(operands)).plus(*map(self._work, operands))
            case _:
                return self._always(0)

    def _route(self) -> int:
        return 2 * self._sizes.interfaces + self._sizes.lists.total

    def _patterns(self, globs: Expression) -> int:
        """Count the compiling of patterns: those of a list once, those that are bound once for each that there is."""
        count = self._sizes.interfaces + self._sizes.lists.total if is_bound(globs) else self._length(globs).each
        return count * (_COMPILE_A_PATTERN + self._text(globs))

    def _printed(self, part: str | Expression) -> _Steps:
        if isinstance(part, str):
            return self._always(1 + len(part) // _IN_A_TEXT)
        an_element = self._always(_SHOW_AN_ELEMENT + self._text(part) // _IN_A_TEXT)
        count = self._owners() if part.type.base is Base.OWNER else self._length(part)
        return self._always(1).plus(count * an_element)

    def _owners(self) -> _Steps:
        """Return how many elements a list of interfaces with their host addresses has, the addresses among them."""
        sizes = self._sizes
        return self._always(sizes.interfaces + min(sizes.lists.total, sizes.interfaces * sizes.answers))

    def _text(self, expression: Expression) -> int:
        """Return how long a text that an expression gives may be."""
        match expression:
            case ParameterValue(name=name):
                return self._sizes.parameters[name].text
            case Constant(value=value):
                return max(map(len, _texts(value)), default=0)
            case ListOf(operands=operands):
                return max(map(self._text, operands), default=0)
            case Read(word=word) if word.owner is Base.HOST:
                return self._sizes.host_name if word.type.base is Base.TEXT else 0
            case _:
                return self._sizes.name if expression.type.base in (Base.TEXT, Base.NIC, Base.OWNER) else 0

    def _length(self, expression: Expression) -> _Steps:
        """Return how many elements a list has; a single value is one."""
        sizes = self._sizes
        match expression:
            case _ if not expression.type.is_list:
                return self._always(1)
            case ListOf(operands=operands):
                return self._always(len(operands))
            case Filter(domain=domain):
                return self._length(domain)
            case Constant(value=value):
                return self._always(len(value) if isinstance(value, tuple) else 1)
            case ParameterValue(name=name):
                return self._always(sizes.parameters[name].count)
            case Read(word=word, owner=owner) if owner is not None and word.owner is Base.NIC:
                return self._of_nic(owner, self._lists(word))
            case Read(word=word) if word.name == "candidates":
                return self._always(sizes.candidates)
            case _ if expression.type.base is Base.NIC:
                return self._always(sizes.interfaces)
            case Read(word=word) if word.owner is Base.REPORT:
                return self._always(sizes.networks)
            case _:
                return self._always(sizes.answers)

    def _lists(self, word: Word) -> Lists:
        """Return the lists that a word gives of the interfaces: by the type of its elements."""
        if word.name in _OF_NEIGHBOURS:
            return self._sizes.neighbours()
        if word.type.base is Base.NIC:
            return self._sizes.stacks().related
        lists = self._sizes.lists
        return Lists(min(lists.most, self._sizes.answers), lists.total) if word.name in _OF_HOST_ADDRESSES else lists

    def _of_nic(self, nic: Expression, lists: Lists) -> _Steps:
        """Return the length of the list of an interface: of the rule's own one list for each subject."""
        every = lists.most * self._subjects
        is_own = isinstance(nic, Variable) and nic.name == "nic"
        return _Steps(lists.most, min(lists.total, every) if is_own else every)

    def _always(self, steps: int) -> _Steps:
        return _Steps(steps, steps * self._subjects)

    def _part(self, elements: _Steps) -> _Steps:
        """Count what is quick for each element; what is begun counts as a step."""
        each = -(-elements.each // _IN_A_SET)
        return _Steps(each, min(each * self._subjects, elements.all // _IN_A_SET + self._subjects))

    def _least(self, one: _Steps, other: _Steps) -> _Steps:
        return _Steps(min(one.each, other.each), min(one.all, other.all))


def _words(*templates: Template) -> Iterator[Expression]:
    return (part for template in templates for part in template.parts if not isinstance(part, str))


def _texts(value: Value) -> Iterator[str]:
    return (one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str))


def _is_short(value: Value) -> bool:
    if isinstance(value, tuple):
        return len(value) < SHORT and all(len(text) < SHORT for text in _texts(value))
    return not isinstance(value, str) or len(value) < SHORT


class Pricing:
    """What the rules of a policy cost, and up to which size of a host it need not be counted."""

    def __init__(self, program: Program) -> None:
        self._parameters = [parameter.name for parameter in program.parameters]
        self.harmless = self._greatest_harmless_size(program.rules)

    def _greatest_harmless_size(self, rules: tuple[Rule, ...]) -> int:
        """Return up to how many interfaces no usual host can exceed the budget; 0 if none is known."""
        for size in (2048, 1024, 512, 256, 128, 64, 32, 16):
            sizes = Sizes.usual(size, self._parameters)
            if sum(price_of(rule, sizes) for rule in rules) <= STEP_BUDGET:
                return size
        return 0

    def budget(self, question: Question) -> Budget | None:
        """Return the budget of one decision; None where the host is so usual that it need not be counted."""
        host = question.host
        is_usual = len(host.answers) < SHORT and (host.asked is None or len(host.asked) < SHORT)
        is_usual = is_usual and all(map(_is_short, question.parameters.values()))
        return None if is_usual and question.facts.is_below(self.harmless, SHORT) else Budget(question)


class Budget:
    """The steps that one decision may take."""

    def __init__(self, question: Question) -> None:
        facts, host = question.facts, question.host
        self._facts = facts
        self._sizes = Sizes(
            interfaces=facts.size,
            candidates=0,
            answers=len(host.answers),
            host_name=len(host.name),
            networks=len(facts.networks),
            lists=facts.lists,
            neighbours=lambda: facts.topology.neighbours,
            name=facts.longest_name,
            parameters={name: _given(value) for name, value in question.parameters.items()},
            stacks=self._stacks,
        )
        self._closure = 0
        self._spent = 0

    def spend(self, rule: Rule, candidates: int) -> None:
        """Count what the rule may cost with so many candidates; PolicyError where that is over the budget."""
        self._spent += price_of(rule, replace(self._sizes, candidates=candidates))
        if self.spent > STEP_BUDGET:
            message = f"the policy may need {self.spent} steps on this report ({self._facts.size} interfaces)"
            hint = f"the rule {quote(rule.name)} costs {rule.cost}: use fewer quantifiers inside each other"
            problem = Diagnostic("POLICY_TOO_COSTLY", f"{message}; the budget is {STEP_BUDGET}", rule.place, hint)
            raise PolicyError([problem])

    @property
    def spent(self) -> int:
        """The steps that were counted."""
        return self._spent + self._closure

    def _stacks(self) -> Stacks:
        """Return the sizes of all stacks; the closure that they are read from is built only if it can be paid for."""
        topology = self._facts.topology
        self._closure = topology.octets // _OCTETS_OF_THE_CLOSURE
        if self._closure > STEP_BUDGET:
            return _NO_STACKS
        return stacks_of(self._facts)


_NO_STACKS = Stacks(Lists(0, 0), Lists(0, 0))


def stacks_of(facts: HostFacts) -> Stacks:
    """Return the sizes of all stacks of a host."""
    topology = facts.topology
    topology.build()
    related = topology.pairs + topology.edges + facts.size
    return Stacks(Lists(topology.most_above, topology.pairs), Lists(topology.largest_stack, related))


def _given(value: Value) -> Given:
    return Given(len(value) if isinstance(value, tuple) else 1, max(map(len, _texts(value)), default=0))
