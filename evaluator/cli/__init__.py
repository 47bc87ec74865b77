"""The command `activenic` for operators and auditors. There is one module for each subcommand."""
