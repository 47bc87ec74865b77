"""The rule language as data: types, words, verbs, the environment of a rule, checked conditions, and programs."""
