"""Decides ranges of files on a Spark cluster: the engine of `fleet decide --engine spark`.

The driver plans the ranges and writes the result. A worker gets a few ranges, reads them from the files, and writes
their rows to the work folder, exactly as a process on one machine does. So the workers need the same files under the
same paths: the inputs to read, and the work folder to write. The driver joins the rows in the order of the ranges, so
the order does not depend on the order in which the workers finish.

The driver sends the ranges in waves. A wave is a Spark job that has about one range for each core. Several waves run at
the same time. So if one range of a wave is slow, the other cores continue with the next wave. The driver plans a wave
just before the wave starts.
"""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice

import msgspec
import pyarrow as pa
from msgspec import Struct
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from evaluator.base.diagnostic import (
    Diagnostic,
    HostNameError,
    PolicyError,
    QuestionError,
    RecordError,
    ReportError,
    UnverifiedError,
)
from evaluator.base.text import quote_path, reason_of
from evaluator.fleet.asked_texts import AskedTexts
from evaluator.fleet.decide_files import DecideRange, Engine
from evaluator.fleet.ranges import Range
from evaluator.fleet.rows import Asked
from evaluator.fleet.work_folder import WorkFolder

_WAVES = 3
_SMALLEST_WAVE = 4
_OUTCOME = pa.schema([("number", pa.int64()), ("error", pa.binary())])
_CAUSE = re.compile(r"(?:: )?([\w.$]+(?:Error|Exception): (?!Traceback ).+)")  # in Python, or with `: ` in Java
_LONGEST_CAUSE = 300
_Error = tuple[str, tuple[Diagnostic, ...]]  # the name of one of these classes, and its problems
_ERRORS = {
    error.__name__: error
    for error in (QuestionError, HostNameError, PolicyError, RecordError, ReportError, UnverifiedError)
}


@contextmanager
def spark_engine(master: str, configuration: Mapping[str, str]) -> Iterator[Engine]:
    """Connect to a cluster, return the engine that decides on it, and disconnect at the end of the block.

    Raises QuestionError if Spark cannot start or the cluster cannot be reached.
    """
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("activenic fleet decide")
    for name, value in {"spark.ui.showConsoleProgress": "false", **configuration}.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, Py4JError, OSError) as error:
        hint = "Spark needs Java 17 or later, and a cluster that this machine can reach"
        raise _failure("FLEET_SPARK_START", "Spark cannot start", error, hint) from None
    try:
        yield on_spark(session)
    finally:
        session.stop()


def on_spark(session: SparkSession) -> Engine:
    """Return the engine that decides ranges in a Spark session.

    The engine raises the errors of a range, and QuestionError if Spark ended a job.
    """

    def engine(asked: Asked, folder: WorkFolder, ranges: Iterable[Range]) -> Iterator[Range]:
        texts = AskedTexts.of(asked)
        waves = _waves(session, iter(ranges))
        for wave in _in_background(lambda ranges: _decide(session, _Wave(texts, folder, ranges)), waves, session):
            yield from wave

    return engine


class _Wave(Struct, frozen=True):
    """The ranges that one Spark job decides. Every worker gets all ranges.

    A batch has the numbers of the ranges that a worker decides.
    """

    asked: AskedTexts
    folder: WorkFolder
    ranges: tuple[Range, ...]

    def decide(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield pa.record_batch([[number], [self._error_of(self.ranges[number])]], schema=_OUTCOME)

    def _error_of(self, part: Range) -> bytes | None:
        """Write the rows of a range. Return an error as JSON, because Spark converts an exception to a long text."""
        try:
            DecideRange(self.asked.load(), self.folder)(part)
        except QuestionError as error:
            return msgspec.json.encode((type(error).__name__, error.diagnostics))
        except OSError as error:
            path = quote_path(error.filename or self.folder.path)
            message = f"a worker cannot use {path}: {reason_of(error)}"
            hint = "the workers need the inputs and the folder of the result under the same paths as the driver"
            return msgspec.json.encode(("QuestionError", [Diagnostic("FLEET_WORKER_FILE", message, hint=hint)]))
        return None


def _waves(session: SparkSession, ranges: Iterator[Range]) -> Iterator[tuple[Range, ...]]:
    while wave := tuple(islice(ranges, max(_SMALLEST_WAVE, session.sparkContext.defaultParallelism))):
        yield wave


def _in_background(
    decide: Callable[[tuple[Range, ...]], None], waves: Iterator[tuple[Range, ...]], session: SparkSession
) -> Iterator[tuple[Range, ...]]:
    """Yield the waves in their order. Each is yielded after it is decided. A few are decided at the same time."""
    with ThreadPoolExecutor(_WAVES) as threads:
        running: deque[tuple[tuple[Range, ...], Future[None]]] = deque()
        try:
            while True:
                for wave in islice(waves, _WAVES - len(running)):
                    running.append((wave, threads.submit(decide, wave)))
                if not running:
                    return
                wave, future = running.popleft()
                future.result()
                yield wave
        except BaseException:
            session.sparkContext.cancelAllJobs()
            raise


def _decide(session: SparkSession, wave: _Wave) -> None:
    """Decide the ranges of a wave in one Spark job. Raises the error of the first range that has an error."""
    numbers = session.range(0, len(wave.ranges), 1, len(wave.ranges))
    try:
        outcomes = numbers.mapInArrow(wave.decide, "number long, error binary").collect()
    except (PySparkException, Py4JError) as error:
        hint = "run the same command again: it continues with the ranges that are not finished"
        raise _failure("FLEET_SPARK_FAILED", "Spark ended the job", error, hint) from None
    errors = sorted((row.number, bytes(row.error)) for row in outcomes if row.error is not None)
    if errors:
        name, problems = msgspec.json.decode(errors[0][1], type=_Error)
        raise _ERRORS[name](problems)


def _failure(code: str, what: str, error: Exception, hint: str) -> QuestionError:
    """Return an error with the line of Spark's error that names the cause."""
    cause = cause_in(str(error)) or type(error).__name__
    if "No module named" in cause:
        hint = "install activenic on all workers, or send it to them (docs/fleet.md)"
    return QuestionError([Diagnostic(code, f"{what}: {cause}", hint=hint)])


def cause_in(text: str) -> str:
    """Return the last line that begins with the name of an exception; the first line if no line begins with one."""
    lines = [line for line in text.splitlines() if line.strip()]
    causes = [match[1] for match in map(_CAUSE.match, lines) if match]
    return (causes or lines or [""])[-1 if causes else 0].strip()[:_LONGEST_CAUSE]
