"""The outcome of policy tests in each form of output: one module for each form; `form` has the table."""
