"""The work folder of a run stores the finished ranges, so that an interrupted run can continue.

The folder is beside the result and has the same name with `.work` at the end. The file `run.key` in the folder has the
key of a run: the inputs (length and time of the last change), the policy, the parameters, the options and the version
of activenic. If the new run has the same key, it uses the finished ranges. Otherwise it removes the files. The file of
a range appears under its name when it is complete. So a killed process never leaves half a file under this name. The
name of the file also depends on the key: a worker of a killed run can finish a range after the next run has begun with
another policy. A lock prevents two runs with the same result.
"""

from __future__ import annotations

import errno
import fcntl
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow as pa

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.base.digest import digest
from evaluator.base.text import quote_path
from evaluator.base.version import __version__
from evaluator.fleet.plan import InputFile
from evaluator.fleet.ranges import Range
from evaluator.fleet.rows import RESULT, Asked

_KEY, _LOCK = "run.key", "lock"
_LAYOUT = 1


class WorkFolder(msgspec.Struct, frozen=True):
    """A locked work folder. `run` is the digest of the run's key (`run_key`)."""

    path: str
    run: str

    def file_of(self, part: Range) -> Path:
        """Return the file for the rows of a range; it exists if the range is finished."""
        return Path(self.path) / f"{digest(msgspec.json.encode((self.run, part)))}.arrow"

    def write(self, part: Range, batches: Iterator[pa.RecordBatch]) -> None:
        """Write the rows of a range; the file gets its name when it is complete."""
        file = self.file_of(part)
        temporary = file.with_suffix(f".{uuid.uuid4().hex}.part")  # processes on several machines share the folder
        with pa.ipc.new_file(str(temporary), RESULT, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            for batch in batches:
                writer.write_batch(batch)
        temporary.replace(file)


def run_key(files: Sequence[InputFile], addresses: Sequence[InputFile], asked: Asked) -> bytes:
    """Return the key of a run. Two runs with the same key write the same rows."""
    return msgspec.json.encode(
        {
            "layout": _LAYOUT,
            "version": __version__,
            "inputs": [files, addresses],
            "policy": asked.policy.digest,
            "parameters": {name: repr(value) for name, value in sorted(asked.parameters.items())},
            "findings": asked.findings,
            "digest": asked.digest,
        }
    )


@contextmanager
def work_folder(result: Path, key: bytes) -> Iterator[WorkFolder]:
    """Lock and return the work folder of a result.

    If an earlier run had another key, its files are removed first. The folder is removed if the block ends without an
    error, or if no range is finished. Raises QuestionError if another run is using the folder, or if the folder
    contains a file that no run has written. Raises OSError if the folder cannot be written.
    """
    folder = result.absolute().with_name(f"{result.name}.work")
    folder.mkdir(exist_ok=True)
    with (folder / _LOCK).open("w") as lock:
        _lock(lock.fileno(), result)
        _prepare(folder, key)
        try:
            yield WorkFolder(str(folder), digest(key))
        except BaseException:
            if not any(folder.glob("*.arrow")):
                shutil.rmtree(folder)
            raise
        shutil.rmtree(folder)


def _lock(descriptor: int, result: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        message = f"another run is writing {quote_path(result)}"
        raise QuestionError([Diagnostic("FLEET_RESULT_BUSY", message)]) from None


def _prepare(folder: Path, key: bytes) -> None:
    """Remove unfinished files. If the folder has another key, remove all ranges too."""
    files = sorted(file for file in folder.iterdir() if file.name != _LOCK)
    others = [file for file in files if file.name != _KEY and file.suffix not in (".arrow", ".part", ".parquet")]
    if others:
        message = f"{quote_path(folder)} contains {quote_path(others[0].name)}, which is not a file of a fleet run"
        raise QuestionError(
            [
                Diagnostic(
                    "FLEET_WORK_FOLDER",
                    message,
                    hint="move this file to another folder, or give the result another name",
                )
            ]
        )
    own = folder / _KEY
    is_same = own.exists() and own.read_bytes() == key
    for file in files:
        if not (is_same and file.suffix == ".arrow") and file != own:
            file.unlink()
    if not is_same:
        own.with_suffix(".part").write_bytes(key)
        own.with_suffix(".part").replace(own)
