"""Compares mutants with their policy on all processors, and remembers the results of the searches and of the proofs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evaluator.engine import Policy
from evaluator.policy.language.environment import Value
from evaluator.verify.distinguish import Comparison, compare_group, seen
from evaluator.verify.memory import AnswerKind, Resources, question_of, remembered_work
from evaluator.verify.mutants import Mutant
from evaluator.verify.search import decide_host

_Comparisons = tuple[Comparison, ...]


def compare_groups(
    policy: Policy,
    groups: Sequence[Sequence[Mutant]],
    size: int,
    parameters: Mapping[str, Value],
    resources: Resources,
) -> Iterator[tuple[_Comparisons, bool]]:
    """Yield for each group the comparisons of its mutants, and whether they were remembered."""

    def compare(number: int) -> _Comparisons:
        return tuple(compare_group(policy, groups[number], size, parameters))

    def is_confirmed(number: int, comparisons: _Comparisons) -> bool:
        pairs = zip(groups[number], comparisons, strict=True)
        return all(_differs(policy, mutant, comparison) for mutant, comparison in pairs)

    questions = [question_of("comparison", policy.program, group, size, parameters) for group in groups]
    return remembered_work(resources, questions, AnswerKind(_Comparisons, is_confirmed=is_confirmed), compare)


def _differs(policy: Policy, mutant: Mutant, comparison: Comparison) -> bool:
    """Return whether the library confirms that the policy and the mutant decide differently.

    The library decides the host of the comparison with the policy and with the mutant. A comparison without a host is
    true without confirmation.
    """
    host = comparison.host
    return host is None or seen(decide_host(policy, host)) != seen(decide_host(Policy(mutant.program), host))
