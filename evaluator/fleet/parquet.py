"""The module `pyarrow.parquet`. It is slow to import, so it is imported when the first Parquet file is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluator.base.lazy_import import lazy_module

if TYPE_CHECKING:
    from pyarrow import parquet
else:
    parquet = lazy_module("pyarrow.parquet")

__all__ = ["parquet"]
