"""Checks rules: resolves the names in a syntax tree, checks the types, and returns checked rules.

The stages, from the outside to the inside:

1. `rules.py`: the verb, the subject, the finding of one rule (`named.py`: one named condition);
2. `condition.py`: conditions, quantifiers, states, and the values that are known if a condition is true or false;
3. `relation.py`: the two sides of a comparison; `expression.py`: words, calls and lists;
4. `message.py`: the words in a message or hint.

The checker does not stop at the first mistake. A part with a mistake is reported, and its result is None. A stage that
gets None returns None and reports nothing. So each mistake is reported once, at its own place, and not again for each
condition that contains the mistake. For the same reason a parameter of an unknown type has the type `Base.NOTHING`,
which can be compared with everything.

A named condition is inserted at each place that uses it (`inline.py`). So the interpreter, the compiler, the cost and
the analysis of rules do not know that named conditions exist.
"""
