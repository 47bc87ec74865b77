"""Makes a policy test from a record, and appends it to a test file.

A large report, or a policy that is not shipped, is written to a new file beside the test file. For example, the test
file `site.test.yaml` gets the report file `site.report.json`. If `site.test.yaml` exists already, the report file is
`site-1a2b3c4d.report.json`, with the beginning of the decision's id, because an earlier test may use
`site.report.json`. If one of the files cannot be written, none is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from evaluator.audit.record import Record
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.base.text import quote_path, reason_of
from evaluator.engine import load_policy
from evaluator.policy.source.find import shipped_names
from evaluator.workbench.append_case import write_test
from evaluator.workbench.record_case import record_case, stem_of

_ID = 8  # characters of a decision's id in the name of a file


def append_record(path: Path, record: Record, policy: str | None) -> None:
    """Append the test of a record to a test file, or create the file. `policy` replaces the record's policy.

    Raises RecordError, and writes nothing, if the record cannot be a test of this file.
    """
    stem = f"{stem_of(path)}-{record.decision_id[:_ID]}" if path.exists() else stem_of(path)
    case = record_case(record, stem, policy)
    with created({path.with_name(name): content for name, content in case.other_files.items()}):
        name = case.policy if case.policy in shipped_names() else path.parent / case.policy
        write_test(path, case.case, load_policy(name).program, case.policy)


def create_files(contents: Mapping[Path, bytes]) -> None:
    """Create new files. If a file exists or cannot be written, remove the new files and raise RecordError."""
    with created(contents):
        pass


@contextmanager
def created(contents: Mapping[Path, bytes]) -> Iterator[None]:
    """Create new files, then run the `with` block.

    If a file cannot be written, or the block fails, remove the new files.
    """
    done: list[Path] = []
    try:
        for path, content in contents.items():
            try:
                with path.open("xb") as file:
                    done.append(path)
                    file.write(content)
            except OSError as error:
                message = f"{quote_path(path)} cannot be written: {reason_of(error)}"
                raise RecordError([Diagnostic(RecordCode.UNWRITABLE, message)]) from None
        yield
    except BaseException:
        for path in done:
            path.unlink(missing_ok=True)
        raise
