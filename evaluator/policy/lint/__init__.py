"""Warns about policies that are valid but probably not what their author intended.

There are two kinds of warnings, which are found by different methods.

1. Typical mistakes in single values (`literals.py`) and in the scope of a quantifier (`quantifier_scope.py`): a glob
   compared with `=`, a regular expression after `like`, a lookalike character. These are heuristics on the syntax.
2. Claims about all hosts: "the rule can never fire", "is always true", "repeats another rule". They all follow from one
   analysis, which answers one question: can these conditions be true together on any host that a report can describe?

   - `a` is never true if `a` is impossible;
   - `a` is always true if `not a` is impossible;
   - `a` implies `b` if `a and not b` is impossible.

The analysis is sound, but not complete. If it answers "impossible", the conditions are not true together on any host.
If it does not understand a condition, or has used up its budget of steps, it answers "possible". So the analysis can
miss a mistake in a policy, but its warnings are always right. This is important, because `activenic check --strict`
treats warnings as errors.

The modules, from the lowest layer to the highest:

- `numbers.py`, `globs.py`: sets of integers and addresses as ranges, sets of texts as values and globs;
- `ranges.py`: the values that each word can have in a valid report;
- `normal.py`: negation moved inwards, and other transformations of conditions;
- `case.py`: one conjunction. It narrows the set of each value until nothing changes; an empty set is a contradiction;
- `solve.py`: splits conditions with `or` into conjunctions, and reasons about the elements of lists;
- `clauses.py`: asks the solver about each condition and its parts;
- `pipeline.py`: asks the solver about each rule. The solver uses what the earlier rules imply about the candidates.
"""
