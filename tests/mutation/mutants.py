"""Mutants by mutmut: what it proposes for the packages that decide, a sample of it, and modules with the sample.

mutmut would write all 40 000 mutants into the modules, which then take too long to import. So the sample is drawn
first, and the modules get only its mutants. The sample consists of the mutants with the lowest hashes of the seed,
their function and their lines. It does not depend on their position in a list of all mutants, so a change of the code
replaces only mutants of the changed functions, and two runs with the same seed can be compared.

mutmut leaves out decorated functions, so in the copy `@property` before `def name` becomes `name = property(name)`
after it. What is outside of functions is not mutated, nor a docstring. SQL in another case is left out, because SQLite
does not distinguish it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import libcst as cst
from mutmut.mutation.file_mutation import Mutation, combine_mutations_to_source, create_mutations, deep_replace
from mutmut.utils.format_utils import get_mutant_name

from tests.mutation import PACKAGES

_SQL = re.compile(r"(SELECT|INSERT|DELETE|UPDATE|PRAGMA|BEGIN|COMMIT|ROLLBACK|CREATE|seq IN) ?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mutant: its file and function, the lines that it replaces, and the lines that it puts there."""

    file: str
    function: str
    removed: tuple[str, ...]
    added: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"- {line}" for line in self.removed] + [f"+ {line}" for line in self.added]
        return "\n".join([f"{self.file} {self.function}", *lines])


@dataclass(frozen=True, slots=True)
class Module:
    """One file, relative to the tree, with the mutations that mutmut proposes for it or that were drawn of them."""

    path: Path
    code: cst.Module
    mutations: tuple[Mutation, ...]

    def mutants(self) -> Iterator[Mutant]:
        """Describe each mutation, in their order."""
        names = dict(_functions(self.code.body))
        lines = {function: self.code.code_for_node(function).splitlines() for function in names}
        for mutation in self.mutations:
            before = mutation.contained_by_top_level_function
            after = self.code.code_for_node(deep_replace(before, mutation.original_node, mutation.mutated_node))
            changes = list(difflib.ndiff(lines[before], after.splitlines()))
            sides = (tuple(line[2:].strip() for line in changes if line.startswith(sign)) for sign in ("- ", "+ "))
            yield Mutant(str(self.path), names[before], *sides)


def _functions(body: Iterable[cst.CSTNode], owner: str = "") -> Iterator[tuple[cst.FunctionDef, str]]:
    for statement in body:
        if isinstance(statement, cst.FunctionDef):
            yield statement, owner + statement.name.value
        elif isinstance(statement, cst.ClassDef):
            yield from _functions(statement.body.body, f"{statement.name.value}.")


class _Undecorate(cst.CSTTransformer):
    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef | cst.FlattenSentinel[cst.BaseStatement]:
        """Return the function without decorators, and the assignments that stand for them."""
        decorators = [item.decorator for item in updated_node.decorators]
        if any(isinstance(item, cst.Name) and item.value in ("classmethod", "staticmethod") for item in decorators):
            return updated_node
        name = updated_node.name
        assignments = [
            cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(name)], cst.Call(decorator, [cst.Arg(name)]))])
            for decorator in reversed(decorators)
        ]
        return cst.FlattenSentinel([updated_node.with_changes(decorators=()), *assignments])


def propose(tree: Path) -> Iterator[Module]:
    """Yield each file of the packages with all its mutations; nothing is written."""
    for package in PACKAGES:
        for path in sorted((tree / "evaluator" / package).rglob("*.py")):
            code = cst.parse_module(path.read_text(encoding="utf-8")).visit(_Undecorate()).code
            module, mutations, _, _ = create_mutations(str(path), code)
            yield Module(path.relative_to(tree), module, tuple(filter(_counts, mutations)))


def _counts(mutation: Mutation) -> bool:
    """Return whether a mutation is inside a function, and not only another case of SQL."""
    before, after = mutation.original_node, mutation.mutated_node
    is_sql = isinstance(before, cst.SimpleString) and _SQL.match(before.raw_value) and "'" not in before.raw_value
    is_same_sql = is_sql and isinstance(after, cst.SimpleString) and before.value.lower() == after.value.lower()
    return isinstance(mutation.contained_by_top_level_function, cst.FunctionDef) and not is_same_sql


def draw(modules: Sequence[Module], number: int, seed: int) -> list[Module]:
    """Return the modules that are part of a sample: the mutants with the lowest hashes."""
    hashes = sorted(
        (_hash(seed, mutant), at, index)
        for at, module in enumerate(modules)
        for index, mutant in enumerate(module.mutants())
    )
    sample: dict[int, list[int]] = {}
    for _, at, index in hashes[:number]:
        sample.setdefault(at, []).append(index)
    return [
        Module(modules[at].path, modules[at].code, tuple(modules[at].mutations[index] for index in sorted(own)))
        for at, own in sorted(sample.items())
    ]


def _hash(seed: int, mutant: Mutant) -> str:
    return hashlib.sha256(json.dumps([seed, *astuple(mutant)]).encode()).hexdigest()


def write(tree: Path, modules: Sequence[Module]) -> dict[str, Mutant]:
    """Replace the files of the tree by those that hold the mutants; return the mutants by mutmut's names."""
    mutants: dict[str, Mutant] = {}
    for module in modules:
        mutated = combine_mutations_to_source(module.code, module.mutations)
        (tree / module.path).write_text(mutated.code, encoding="utf-8")
        names = [get_mutant_name(module.path, name) for name in mutated.mutant_names]
        mutants |= zip(names, module.mutants(), strict=True)  # both in the order of the file
    return mutants
