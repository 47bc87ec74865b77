"""The texts of a policy: its own text and the texts that it extends, each parsed as YAML.

`extends` forms a chain, not a tree: a text has at most one base. The policy's own text is read first, and the last base
at the end. The texts are stored in the opposite order, base first, because a text changes its base.

All texts are joined to one `Source`, base first. A span is a pair of offsets in the joined text, so the later stages
(merge, check, lint) need not know that the policy has several texts. The joined source still prints each diagnostic
with a name, a line and a column: those of the text in which the span begins. To get such spans, each text is parsed
alone. Then its spans are moved by the offset of the text in the joined text.

The function that finds a base is a parameter (`FindBase`), because bases have two sources. `files_of` finds a base
among the shipped policies and in files. `recorded` finds it in the record of a decision, which contains all texts. A
replay therefore never reads a file.

The chain stops at a base that is missing, at a cycle, and after `MOST_LEVELS` bases. Then the diagnostic points to the
last `extends` that was read, and `PolicyChain.is_whole` is false.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.fix import Fix
from evaluator.base.source import Source, Span, join
from evaluator.base.text import quote, visible
from evaluator.policy.source.find import find_base, plain_text, shipped_names
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.yaml_text import Located, read_yaml

MOST_LEVELS = 4
FindBase = Callable[[str, Source], Source]


class ParsedText(Struct, frozen=True):
    """One text of a policy, as written (`source`) and as parsed (`located`). Spans are offsets in the joined texts."""

    source: Source
    located: Located

    @property
    def name(self) -> str:
        """The name of the policy (the key `policy`); empty if the key is missing."""
        return string_of(self.located, "policy")

    @property
    def extends(self) -> Located | None:
        """The base that the text names (the key `extends`); None if the key is missing."""
        return self.located.children.get("extends")


class PolicyChain(Struct, frozen=True):
    """The texts of a policy, base first.

    `source` contains all texts, joined. If a text is not YAML, `texts` is empty. If a base is missing, `is_whole` is
    false. `problems` are the diagnostics about bases that were not found and about mistakes in the YAML.
    """

    sources: tuple[Source, ...]
    source: Source
    texts: tuple[ParsedText, ...]
    is_whole: bool
    problems: tuple[Diagnostic, ...]


def read_chain(source: Source, find: FindBase) -> PolicyChain:
    """Return the texts of a policy; a missing base or invalid YAML is a diagnostic in `PolicyChain.problems`."""
    levels = [_Level(source)]
    while (base := levels[-1].base(levels, find)) is not None:
        levels.append(_Level(base))
    levels.reverse()
    joined = join([level.problems.source for level in levels])
    texts: list[ParsedText] = []
    problems: list[Diagnostic] = []
    for level, part in zip(levels, joined.parts, strict=True):
        problems += [replace(problem, order=problem.order + part.start) for problem in level.problems.diagnostics]
        if level.located is not None:
            texts.append(ParsedText(level.source, _moved(level.located, part.start)))
    sources = tuple(level.source for level in levels)
    is_yaml = len(texts) == len(levels)
    return PolicyChain(sources, joined, tuple(texts) if is_yaml else (), not levels[0].names_base, tuple(problems))


def files_of(search: Sequence[Path]) -> FindBase:
    """Return a function that finds a base among the shipped policies and in files."""
    return partial(find_base, search=search)


def recorded(texts: Sequence[Source]) -> FindBase:
    """Return a function that finds a base in a list of all texts of a policy, base first."""
    bases = dict(zip(texts[1:], texts, strict=False))

    def find(name: str, extending: Source) -> Source:
        if extending not in bases:
            raise PolicyError([Diagnostic("POLICY_NOT_FOUND", f"the text of the base {quote(name)} is missing")])
        return bases[extending]

    return find


def string_of(located: Located, key: str) -> str:
    """Return the text at a key of a map; empty if the key is missing or its value is not a text."""
    child = located.children.get(key)
    return child.value if child is not None and isinstance(child.value, str) else ""


class _Level:
    """One text of a chain, and the diagnostics from parsing this text. It exists only while the chain is read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems = Problems(Source(source.name, plain_text(source.text)))
        self.located = read_yaml(self.problems.source, self.problems)

    @property
    def names_base(self) -> bool:
        """Whether the text extends another text."""
        return self.located is not None and "extends" in self.located.children

    def base(self, levels: Sequence[_Level], find: FindBase) -> Source | None:
        """Return the text of the base; None without a base.

        If the base is invalid, report this and return None.
        """
        extends = None if self.located is None else self.located.children.get("extends")
        if extends is None or not isinstance(extends.value, str):
            return None
        try:
            base = find(extends.value, self.source)
        except PolicyError as error:
            for problem in error.diagnostics:  # these diagnostics have no place, so they get the place of `extends`
                fixes: tuple[Fix, ...] = ()
                if problem.hint.startswith("did you mean"):
                    fixes = self.problems.name_fix(extends.span, extends.value, shipped_names())
                self.problems.error(problem.code, problem.message, extends.span, problem.hint, fixes)
            return None
        return base if self._is_allowed(base, levels, extends.span) else None

    def _is_allowed(self, base: Source, levels: Sequence[_Level], span: Span) -> bool:
        path = " → ".join(visible(source.name) for source in (*(level.source for level in levels), base))
        if _identity(base) in {_identity(level.source) for level in levels}:
            hint = "a policy cannot extend itself, directly or through other policies"
            self.problems.error("EXTENDS_CYCLE", f"the policies extend each other in a cycle: {path}", span, hint)
            return False
        if len(levels) > MOST_LEVELS:
            message = f"a chain of `extends` may have at most {MOST_LEVELS} levels: {path}"
            self.problems.error("EXTENDS_TOO_DEEP", message, span, "merge two of the policies into one")
            return False
        return True


def _identity(source: Source) -> str:
    """Return the identity of a text: the resolved path if the text is a file, else its name."""
    return source.name if source.path is None else str(Path(source.path).resolve())


def _moved(located: Located, by: int) -> Located:
    """Return a value with all its spans moved by an offset."""
    return Located(
        located.value,
        _moved_span(located.span, by),
        located.style,
        located.cut_by_comment,
        located.broken,
        {key: _moved_span(span, by) for key, span in located.keys.items()},
        {key: _moved(child, by) for key, child in located.children.items()},
        located.is_in_flow,
    )


def _moved_span(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)
