"""Decides many hosts. The input is Arrow record batches of questions; the output is record batches of result rows.

The package needs the extra `fleet`.
"""

from evaluator.fleet.decide_batches import decide_batches

__all__ = ["decide_batches"]
