"""Decides many hosts: Arrow record batches of questions become record batches of result rows (extra `fleet`)."""

from evaluator.fleet.decide_batches import decide_batches

__all__ = ["decide_batches"]
