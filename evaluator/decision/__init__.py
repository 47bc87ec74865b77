"""A checked policy and the facts of a host become a decision. The only package that knows both policies and reports."""
