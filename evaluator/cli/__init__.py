"""The command `activenic` for operators and auditors: main, and one module for each subcommand."""
