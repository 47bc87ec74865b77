"""Tools for authors of policies: create, format and compare policies, and create policy tests from logged decisions."""
