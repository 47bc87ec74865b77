"""The rule language as data: types, words, verbs, the environment that words read, checked rules and programs."""
