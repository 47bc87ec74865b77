"""The HTTP service: decisions for other programs (extra `service`); docs/service.md describes it."""
