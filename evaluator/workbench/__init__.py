"""Tools for authors of policies: they create, format, check and compare policies, and create policy tests."""
