"""Reports as they would be if a fact of the host were different: one module a format."""
