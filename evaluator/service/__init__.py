"""The HTTP service: decisions for engines in other languages (extra `service`); docs/service.md describes it."""
