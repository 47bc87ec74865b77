"""The meanings of the operators, quantifiers and other signs of a sentence, for hover and completion.

The words, states, verbs and functions have their meanings in the tables of `policy/language/`. The operators have no
table there, because the grammar lists them; docs/language.md explains them in full.
"""

from __future__ import annotations

OPERATORS: dict[str, str] = {
    "=": "the two values are equal; addresses are compared by number, interfaces by name",
    "!=": "the two values are different",
    "<": "the left value is less than the right value; two texts are compared by code points",
    "<=": "the left value is less than or equal to the right value",
    ">": "the left value is greater than the right value",
    ">=": "the left value is greater than or equal to the right value",
    "in": "the left value is an element of the list; an address can also be in a network or in a list of networks",
    "overlaps": "the two lists have a common element",
    "within": "every element of the left list is in the right list; true if the left list is empty",
    "like": "the text matches the glob or a glob of the list: `*` is any text, `?` any character, `[a-z]` a letter",
    "above": "the first interface is built on the second interface, directly or through other interfaces",
    "below": "the second interface is built on the first interface, directly or through other interfaces",
    "is": "the value has the kind or state, or the named condition is true; `is known`: the report has the value",
}
CONNECTIVES: dict[str, str] = {
    "and": "both conditions are true; the second is evaluated only if the first is true",
    "or": "at least one condition is true; the second is evaluated only if the first is false",
    "not": "the condition is false; `not` binds more tightly than `and` and `or`",
}
QUANTIFIERS: dict[str, str] = {
    "some": "`some x in LIST satisfies CONDITION`: the condition is true for at least one element",
    "every": "`every x in LIST satisfies CONDITION`: the condition is true for each element, or the list is empty",
    "no": "`no x in LIST satisfies CONDITION`: the condition is false for each element, or the list is empty",
}
SIGNS: dict[str, str] = {
    "when": "begins the condition of the rule",
    "satisfies": "begins the condition of a quantifier; this condition ends at `)` or at the end of the rule",
    "true": "the boolean value true",
    "false": "the boolean value false",
}
KNOWLEDGE: dict[str, str] = {
    "known": "the report has the value",
    "unknown": "the report does not have the value",
    "given": "the caller gave the optional parameter a value",
}
VARIABLES: dict[str, str] = {
    "nic": "the interface for which the rule is evaluated",
    "other": "an interface of the list, but never the interface `nic`",
}
SIGN_MEANINGS = {**OPERATORS, **CONNECTIVES, **QUANTIFIERS, **SIGNS}
