"""PAP: a policy text becomes nodes, checked rules, and a program that can be run.

text → `yaml_text` → `load` → `parse` → `check` → `program` → `interpret`; each stage has a type of
its own. `vocabulary` is the one table of words. The shipped policies are `prepared`: they begin at `program`.
"""
