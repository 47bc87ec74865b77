"""A syntax tree becomes a checked rule: names are resolved, types are checked."""
