"""The ground encoding: the formulas of a policy, evaluated for one concrete host.

For a finite host every formula is true or false, because all facts are known. So no solver is needed. The SMT-LIB text
of a policy is parsed and becomes one Python function, once for each policy. The function takes the values of the
symbols (`host_symbols.py`) and computes each relation from its definition, in the order of the definitions. A formula
`∃ x: A and B` becomes `any(… for x in DOMAIN if A if B)`, so parts of the formula are tested as soon as their variables
have values.

Evaluating the parsed text node by node was tried first. It needs about twenty times as long.

An axiom that is not a definition is only a condition on the symbols that it is about: the status, the interface of the
decision, the order of a quantifier. Such axioms must be true, and for the status and the interface, all other values
must make an axiom false.

This module and `host_symbols.py` share nothing with the translator but the names of the symbols.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluator.facts.address import parse_address, parse_cidr

Tree = Any  # a text, or a list of trees
_TOKEN = re.compile(r"\|[^|]*\||[()]|[^\s()|]+")
_FRESH = re.compile(r"\.\d+$")
_LITERALS: Mapping[str, Callable[[str], Any]] = {"text": str, "address": parse_address, "network": parse_cidr}
_COMPARISONS = ("<", "<=", ">", ">=")
_SMALL = ("Text", "Int")  # sorts with many elements; laws are tested for a few of them


class Table(dict[Any, Any]):
    """The values of a function that have been computed so far; a function of two arguments returns a table."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, argument: Any) -> Any:
        value = self[argument] = self.function(argument)
        return value


def table(arity: int, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return the table of a function with some number of arguments; the value itself without arguments."""
    if not arity:
        return function(*arguments)
    return Table(lambda argument: table(arity - 1, function, *arguments, argument))


def trees(script: str) -> list[Tree]:
    """Parse an SMT-LIB text."""
    stack: list[list[Tree]] = [[]]
    for token in _TOKEN.findall(script):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    return stack[0]


def asserted(script: str) -> list[str]:
    """Return the formulas that a script asserts."""
    return [line[len("(assert ") : -1] for line in script.splitlines() if line.startswith("(assert ")]


def literal(name: str) -> Any:
    """Return the value of the constant of a literal: `|text:eth0|`, `|address:192.0.2.1|`, `|network:10.0.0.0/8|`."""
    text = re.sub(r"%([0-9a-f]+)%", lambda code: chr(int(code[1], 16)), name[1:-1])
    sort, _, value = text.partition(":")
    return _LITERALS[sort](value)


@dataclass(frozen=True)
class Clause:
    """A clause without translation: the symbol that replaces it, its number of arguments, and the candidates there."""

    symbol: str
    arity: int
    candidates: str


@dataclass(frozen=True)
class Sentences:
    """The formulas of one policy.

    `laws` are the formulas about every host. `relations` have the arity and the application of each relation that is
    compared with the interpreter, by name. `answer` and `status` are the constants of the decision. `free` are other
    symbols without a definition.
    """

    axioms: Sequence[str]
    laws: Sequence[str]
    relations: Mapping[str, tuple[int, str]]
    answer: str
    status: str
    clauses: Mapping[str, Clause] = field(default_factory=dict)
    free: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Evaluated:
    """The values of one host: the relations by name, and functions of the interface and the status of a decision.

    `laws` and `axioms` return the formulas that are false. `about_answer` and `about_status` tell whether a value is
    possible.
    """

    relations: Mapping[str, Any]
    laws: Callable[[], list[str]]
    axioms: Callable[[], list[str]]
    about_answer: Callable[[Any], bool]
    about_status: Callable[[str], bool]


class GroundPolicy:
    """The Python function of one policy. `symbols` are the facts that it needs, each with its number of arguments."""

    def __init__(self, sentences: Sentences) -> None:
        self._writer = _Writer(sentences)
        self.symbols: Mapping[str, int] = self._writer.facts
        namespace: dict[str, Any] = {"Table": Table, "Evaluated": Evaluated, "table": table}
        exec(self._writer.text(), namespace)
        self._function = namespace["evaluate"]
        self.literals: tuple[Any, ...] = tuple(self._writer.constants.values())
        self.integers = self._writer.integers

    def evaluate(
        self,
        domains: Mapping[str, Sequence[Any]],
        value_of: Callable[[str, int], Any],
        clause: Callable[[str, Callable[[], Sequence[Any]]], Any],
        answer: Any,
    ) -> Evaluated:
        """Return the values of all relations for one host.

        `value_of` returns the value or the table of a fact. `clause` returns the table of a clause without translation.
        `answer` is the value of the interface of the decision.
        """
        facts = [value_of(name, arity) for name, arity in self.symbols.items()]
        evaluated: Evaluated = self._function(domains, facts, self.literals, clause, answer)
        return evaluated


class _Writer:
    """Writes the Python text of one policy."""

    def __init__(self, sentences: Sentences) -> None:
        self._sentences = sentences
        self.facts: dict[str, int] = {}
        self.constants: dict[str, Any] = {}
        self.integers: set[int] = set()
        self._names: dict[str, str] = {sentences.answer: "answer", sentences.status: "status"}
        self._variables = 0
        self._lines: list[str] = []
        self._is_small = False

    def text(self) -> str:
        """Return the function `evaluate`."""
        others = [tree for tree in map(_tree, self._sentences.axioms) if not self._define(tree)]
        status, answer = self._sentences.status, self._sentences.answer
        about_status = [tree for tree in others if status in _names(tree)]
        about_answer = [tree for tree in others if tree not in about_status and answer in _names(tree)]
        rest = [tree for tree in others if tree not in about_status]
        relations = [
            f"{name!r}: {self._table(arity, _tree(applied))}"
            for name, (arity, applied) in self._sentences.relations.items()
        ]
        returned = [
            f"{{{', '.join(relations)}}}",
            f"lambda: [text for text, holds in ({self._listed(self._sentences.laws)}) if not holds()]",
            f"lambda: [text for text, holds in ({self._listed(rest)}) if not holds()]",
            f"lambda answer: {self._conjunction(about_answer)}",
            f"lambda status: {self._conjunction(about_status)}",
        ]
        head = ["def evaluate(D, facts, constants, clause, answer):"]
        if self.facts:
            head.append(f"({' '.join(f'S{i},' for i in range(len(self.facts)))}) = facts")
        if self.constants:
            head.append(f"({' '.join(f'K{i},' for i in range(len(self.constants)))}) = constants")
        sorts = ("Nic", "Address", "Owned", "Text", "Network", "Int", "Bool")
        head += [f"D_{sort} = D[{sort!r}]" for sort in sorts]
        head += [f"D_{sort}_small = D_{sort}[:7]" for sort in _SMALL]
        return "\n    ".join([*head, *self._lines, f"return Evaluated({', '.join(returned)})"])

    def _listed(self, formulas: Iterable[str | Tree]) -> str:
        self._is_small = True
        pairs = [(str(one), _tree(one) if isinstance(one, str) else one) for one in formulas]
        text = "".join(f"({name!r}, lambda: {self.formula(tree, {})})," for name, tree in pairs)
        self._is_small = False
        return text

    def _conjunction(self, formulas: Iterable[Tree]) -> str:
        return " and ".join([self.formula(tree, {}) for tree in formulas]) or "True"

    def _table(self, arity: int, applied: Tree) -> str:
        names = ("x", "y")[:arity]
        body = self.formula(applied, {name: name for name in names})
        return f"table({arity}, lambda {', '.join(names)}: {body})"

    def _define(self, tree: Tree) -> bool:
        """Write the definition of a new symbol. Return False if the formula is none."""
        variables, body = ([], tree) if tree[0] != "forall" else ([name for name, _ in tree[1]], tree[2])
        if not isinstance(body, list) or body[0] != "=":
            return False
        name, *arguments = body[1] if isinstance(body[1], list) else [body[1]]
        if arguments != variables or not _FRESH.search(str(name)) or name in self._names:
            return False
        inner = {variable: f"v{at}" for at, variable in enumerate(variables)}
        value = self.formula(body[2], inner)
        self._names[name] = f"R{len(self._names)}"
        self._lines.append(
            f"{self._names[name]} = table({len(variables)}, lambda {', '.join(inner.values())}: {value})"
        )
        return True

    def formula(self, tree: Tree, scope: Mapping[str, str]) -> str:
        """Return the Python text of a formula or term."""
        if isinstance(tree, str):
            return self._constant(tree, scope)
        head, *rest = tree
        if head in ("and", "or"):
            return f"({f' {head} '.join(self.formula(part, scope) for part in rest)})"
        if head == "not":
            return f"(not {self.formula(rest[0], scope)})"
        if head == "=>":
            return f"(not {self.formula(rest[0], scope)} or {self.formula(rest[1], scope)})"
        if head == "exists":
            return self._exists(rest[0], [rest[1]], scope)
        if head == "forall":
            return f"(not {self._exists(rest[0], [['not', rest[1]]], scope)})"
        if head in ("=", "distinct"):
            return self._compared("==" if head == "=" else "!=", rest, scope)
        if head in _COMPARISONS:
            return self._compared(head, rest, scope)
        if head == "-":
            return f"(-{self.formula(rest[0], scope)})"
        arguments = "".join(f"[{self.formula(part, scope)}]" for part in rest)
        return f"{self._symbol(head, len(rest))}{arguments}"

    def _compared(self, sign: str, parts: Sequence[Tree], scope: Mapping[str, str]) -> str:
        texts = [self.formula(part, scope) for part in parts]
        pairs = [f"{one} {sign} {other}" for at, other in enumerate(texts) for one in texts[:at]]
        return f"({' and '.join(pairs)})"

    def _exists(self, bound: Sequence[Sequence[str]], body: Sequence[Tree], scope: Mapping[str, str]) -> str:
        """Return `any(True for v0 in D_Nic if … for v1 in …)`: each part is tested as soon as possible."""
        pending = [part for tree in body for part in _parts(tree)]
        inner, loops = dict(scope), []
        open_names = {name for name, _ in bound}
        for name, sort in bound:
            inner[name] = f"v{self._variables}_"
            self._variables += 1
            open_names.discard(name)
            small = "_small" if self._is_small and sort in _SMALL else ""
            tests = [part for part in pending if open_names.isdisjoint(_names(part))]
            pending = [part for part in pending if not open_names.isdisjoint(_names(part))]
            ifs = "".join(f" if {self.formula(part, inner)}" for part in tests)
            loops.append(f"for {inner[name]} in D_{sort}{small}{ifs}")
        return f"any(True {' '.join(loops)})"

    def _constant(self, name: str, scope: Mapping[str, str]) -> str:
        if name in scope:
            return scope[name]
        if name in ("true", "false"):
            return name.capitalize()
        if name.isdecimal():
            self.integers |= {int(name), -int(name)}
            return name
        if name.startswith("|"):
            self.constants.setdefault(name, literal(name))
            return f"K{list(self.constants).index(name)}"
        return self._symbol(name, 0)

    def _symbol(self, name: str, arity: int) -> str:
        if name in self._names:
            return self._names[name]
        if name in self._sentences.clauses:
            return self._clause(self._sentences.clauses[name])
        is_free = not _FRESH.search(name) or name.startswith("unknown.") or name in self._sentences.free
        assert is_free, f"{name} is used before its definition"
        self.facts.setdefault(name, arity)
        return f"S{list(self.facts).index(name)}"

    def _clause(self, clause: Clause) -> str:
        candidates = self.formula(_tree(clause.candidates), {"x": "x"})
        self._names[clause.symbol] = f"R{len(self._names)}"
        get = f"lambda: [x for x in D_Nic if {candidates}]"
        self._lines.append(f"{self._names[clause.symbol]} = clause({clause.symbol!r}, {get})")
        return self._names[clause.symbol]


def _tree(formula: str) -> Tree:
    return trees(formula)[0]


def _names(tree: Tree) -> set[str]:
    """Return all names in a formula."""
    return {tree} if isinstance(tree, str) else set().union(*map(_names, tree))


def _parts(tree: Tree) -> Iterator[Tree]:
    """Yield formulas whose conjunction is a formula."""
    match tree:
        case ["and", *parts]:
            for part in parts:
                yield from _parts(part)
        case ["not", ["not", inner]]:
            yield from _parts(inner)
        case ["not", ["=>", premise, conclusion]]:
            yield from _parts(premise)
            yield from _parts(["not", conclusion])
        case ["not", ["or", *parts]]:
            for part in parts:
                yield from _parts(["not", part])
        case ["distinct", *terms]:
            yield from (["distinct", one, other] for at, other in enumerate(terms) for one in terms[:at])
        case _:
            yield tree
