"""Mutants by mutmut: what it proposes for the packages that decide, a sample of it, and modules with the sample.

mutmut would write all 40 000 mutants into the modules, which then take too long to import. So the sample is drawn
first, and the modules get only its mutants. mutmut leaves out decorated functions, so in the copy `@property` before
`def name` becomes `name = property(name)` after it. What is outside of functions is not mutated, nor a docstring.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from mutmut.mutation.file_mutation import Mutation, combine_mutations_to_source, create_mutations, deep_replace
from mutmut.utils.format_utils import get_mutant_name, orig_function_and_class_names_from_key

from tests.mutation import PACKAGES


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
            within = (one for one in mutations if isinstance(one.contained_by_top_level_function, cst.FunctionDef))
            yield Module(path.relative_to(tree), module, tuple(within))


def draw(modules: Sequence[Module], number: int, seed: int) -> list[Module]:
    """Return the modules that are part of a sample, which is the same for the same code and seed."""
    every = [(at, mutation) for at, module in enumerate(modules) for mutation in module.mutations]
    chosen = random.Random(seed).sample(range(len(every)), min(number, len(every)))
    sample: dict[int, list[Mutation]] = {}
    for at, mutation in (every[index] for index in sorted(chosen)):
        sample.setdefault(at, []).append(mutation)
    return [Module(modules[at].path, modules[at].code, tuple(own)) for at, own in sample.items()]


def write(tree: Path, modules: Sequence[Module]) -> dict[str, Mutant]:
    """Replace the files of the tree by those that hold the mutants; return the mutants by mutmut's names."""
    mutants: dict[str, Mutant] = {}
    for module in modules:
        mutated = combine_mutations_to_source(module.code, module.mutations)
        (tree / module.path).write_text(mutated.code, encoding="utf-8")
        names = [get_mutant_name(module.path, name) for name in mutated.mutant_names]
        for name, mutation in zip(names, module.mutations, strict=True):  # both in the order of the file
            mutants[name] = _describe(module, mutation, name)
    return mutants


def _describe(module: Module, mutation: Mutation, name: str) -> Mutant:
    before = mutation.contained_by_top_level_function
    after = deep_replace(before, mutation.original_node, mutation.mutated_node)
    texts = [module.code.code_for_node(node).splitlines() for node in (before, after)]
    lines = list(difflib.ndiff(*texts))
    removed, added = (tuple(line[2:].strip() for line in lines if line.startswith(sign)) for sign in ("- ", "+ "))
    function, owner = orig_function_and_class_names_from_key(name)
    return Mutant(str(module.path), f"{owner}.{function}" if owner else function, removed, added)
