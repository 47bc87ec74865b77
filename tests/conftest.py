"""Settings for property tests: a fixed seed and 10 examples, unless HYPOTHESIS_PROFILE names another profile.

`few` is for `make test-newest` and `make test-lowest`, `long` for `make long`, which gives each run a seed.
"""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import HealthCheck, settings

from tests.long import EXAMPLES

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("quick", max_examples=10, derandomize=True, **_COMMON)
settings.register_profile("few", max_examples=5, derandomize=True, **_COMMON)
settings.register_profile("long", max_examples=EXAMPLES, database=None, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


os.environ["ACTIVENIC_CACHE"] = "off"  # a test with a changed translation must not use or leave results


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whatever looks a name up or opens a connection: nothing here needs the network."""

    def refuse(*arguments: object, **_: object) -> None:
        raise AssertionError(f"a test reached for the network: {arguments}")

    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
