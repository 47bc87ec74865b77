"""Tools for authors of policies: create policy tests from records and from changes."""
