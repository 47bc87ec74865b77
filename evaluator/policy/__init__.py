"""Turns the text of a policy into a program, and runs programs.

The stages, each with its own type:

1. `source/` finds the texts, parses their YAML (`Located`) and merges a policy with its bases (`MergedPolicy`).
2. `syntax/` parses the text of each rule to a syntax tree (`nodes.Sentence`).
3. `check/` resolves names and types (`language/checked.py`), and `load.py` builds the `Program`.
4. `lint/` adds warnings; it never changes the program.
5. `run/` is the reference interpreter: it defines what a program means. `compile/` translates a program to Python
   functions that must give the same results.

`language/vocabulary.py` is the only table of words. Shipped policies skip the stages 1 to 4, because their programs are
prepared (`prepared.py`). docs/one-policy.md shows one policy after each stage. In the terms of access control, this
package is the policy administration point (PAP).
"""
