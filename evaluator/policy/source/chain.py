"""The texts of a policy: its own and, below it, those that it extends, each read as YAML.

All of them are joined to one source, base first, so that whatever is checked afterwards has a place in the text in
which it stands. Where a base is found is somebody else's business: in files, or in the record of a decision, which has
all the texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.source import Source, Span, join
from evaluator.base.text import quote, visible
from evaluator.policy.source.find import find_base, plain_text
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.yaml_text import Located, read_yaml

MOST_LEVELS = 4
FindBase = Callable[[str, Source], Source]


class Text(Struct, frozen=True):
    """One text of a policy, as it was written and as YAML; its places are offsets of the joined texts."""

    source: Source
    located: Located

    @property
    def name(self) -> str:
        """The name that the text gives itself; empty if it has none."""
        return string_of(self.located, "policy")

    @property
    def extends(self) -> Located | None:
        """The value of its key `extends`; None if the text has no such key."""
        return self.located.children.get("extends")


class Chain(Struct, frozen=True):
    """The texts of a policy, base first.

    `source` joins all of them. `texts` is empty if one of them is not YAML; `is_whole` is false if a base was not
    found. `problems` are those of finding and reading them.
    """

    sources: tuple[Source, ...]
    source: Source
    texts: tuple[Text, ...]
    is_whole: bool
    problems: tuple[Diagnostic, ...]


def read_chain(source: Source, find: FindBase) -> Chain:
    """Return a policy's texts; what is wrong with them so far is noted in the chain."""
    levels = [_Level(source)]
    while (base := levels[-1].base(levels, find)) is not None:
        levels.append(_Level(base))
    levels.reverse()
    joined = join([level.problems.source for level in levels])
    texts: list[Text] = []
    problems: list[Diagnostic] = []
    for level, part in zip(levels, joined.parts, strict=True):
        problems += [replace(problem, order=problem.order + part.start) for problem in level.problems.found]
        if level.located is not None:
            texts.append(Text(level.source, _moved(level.located, part.start)))
    sources = tuple(level.source for level in levels)
    is_yaml = len(texts) == len(levels)
    return Chain(sources, joined, tuple(texts) if is_yaml else (), not levels[0].names_base, tuple(problems))


def files_of(search: Sequence[Path]) -> FindBase:
    """Return what finds a base among the shipped policies and in files."""
    return partial(find_base, search=search)


def recorded(texts: Sequence[Source]) -> FindBase:
    """Return what hands out the base of each text from a list of all texts, base first."""
    bases = dict(zip(texts[1:], texts, strict=False))

    def find(name: str, extending: Source) -> Source:
        if extending not in bases:
            raise PolicyError([Diagnostic("POLICY_NOT_FOUND", f"the text of the base {quote(name)} is missing")])
        return bases[extending]

    return find


def string_of(located: Located, key: str) -> str:
    """Return a text in a map; empty if it is missing or is something else."""
    found = located.children.get(key)
    return found.value if found is not None and isinstance(found.value, str) else ""


class _Level:
    """One text on the way down, with the problems that reading it gave."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems = Problems(Source(source.name, plain_text(source.text)))
        self.located = read_yaml(self.problems.source, self.problems)

    @property
    def names_base(self) -> bool:
        """Whether the text extends another one."""
        return self.located is not None and "extends" in self.located.children

    def base(self, levels: Sequence[_Level], find: FindBase) -> Source | None:
        """Return the source of the base of the last level; None if it has no base, or a wrong one (noted)."""
        named = None if self.located is None else self.located.children.get("extends")
        if named is None or not isinstance(named.value, str):
            return None
        try:
            found = find(named.value, self.source)
        except PolicyError as error:
            for problem in error.diagnostics:
                self.problems.error(problem.code, problem.message, named.span, problem.hint)
            return None
        return found if self._is_allowed(found, levels, named.span) else None

    def _is_allowed(self, found: Source, levels: Sequence[_Level], span: Span) -> bool:
        path = " → ".join(visible(source.name) for source in (*(level.source for level in levels), found))
        if _key(found) in {_key(level.source) for level in levels}:
            hint = "a policy cannot extend itself, directly or through others"
            self.problems.error("EXTENDS_CYCLE", f"the policies extend each other in a circle: {path}", span, hint)
            return False
        if len(levels) > MOST_LEVELS:
            message = f"a policy may extend others over at most {MOST_LEVELS} levels: {path}"
            self.problems.error("EXTENDS_TOO_DEEP", message, span, "move the rules of two texts into one")
            return False
        return True


def _key(source: Source) -> str:
    """Return the identity of a text: the same for every path to one file."""
    return source.name if source.path is None else str(Path(source.path).resolve())


def _moved(located: Located, by: int) -> Located:
    """Return a value with its places moved."""
    return Located(
        located.value,
        _moved_span(located.span, by),
        located.style,
        located.cut_by_comment,
        located.broken,
        {key: _moved_span(span, by) for key, span in located.keys.items()},
        {key: _moved(child, by) for key, child in located.children.items()},
    )


def _moved_span(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)
