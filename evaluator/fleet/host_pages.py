"""Writes a folder with the page of a summary and the pages of single hosts. A limit sets the greatest number of hosts.

A host is found in the inputs by its id, and its question is decided again. The page must explain the decision that is
in the result. So the new decision must have the same status and interface as the result. If the result has digests, the
new digest must be equal too. If they differ, the result was made from other inputs, another policy or other parameters.
Then no folder is written. The folder appears when it is complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.base.digest import digest
from evaluator.base.text import quote, quote_path, quote_some, reason_of, visible
from evaluator.decision.decision import Decision
from evaluator.decision.question import AskedQuestion
from evaluator.fleet.decide_files import Inputs
from evaluator.fleet.map_ranges import map_ranges
from evaluator.fleet.ranges import Range
from evaluator.fleet.rows import Asked
from evaluator.fleet.summary import opened
from evaluator.fleet.summary_page import summary_page
from evaluator.render.fleet_page.page import page as fleet_page
from evaluator.render.html.page import page as decision_page
from evaluator.render.output import RecordInfo
from evaluator.workbench.corpus import Unreadable

INDEX = "index.html"
_HOSTS = "hosts"
_MOST_IDS = 6
_WANTED = """
SELECT id, any_value(status), any_value("hostActiveNic"), any_value(sha256) FROM result
GROUP BY id HAVING count(*) = 1 AND any_value(status) IS NOT NULL AND id <> ''
ORDER BY any_value(status) = 'resolved', id LIMIT {most}
"""


class Wanted(Struct, frozen=True):
    """A host of the result that gets a page: the file of the page, and the decision in the result."""

    file: str
    status: str
    host_active_nic: str | None
    sha256: str | None


class WriteRange(Struct, frozen=True):
    """Writes the pages of one range of hosts: a page for each host whose id is in `wanted`."""

    asked: Asked
    wanted: Mapping[str, Wanted]
    folder: str

    def __call__(self, part: Range) -> tuple[str, ...]:
        """Write the pages and return the ids of their hosts. Raises QuestionError if a decision differs."""
        written = []
        for item in part.questions((self.asked.policy,)):
            if item.id in self.wanted and not isinstance(item, Unreadable):
                self._write(item, self.wanted[item.id])
                written.append(item.id)
        return tuple(written)

    def _write(self, item: AskedQuestion, wanted: Wanted) -> None:
        parameters = {**item.parameters, **self.asked.parameters}
        decision = self.asked.policy.decide(item.report, item.host, parameters=parameters)
        if not _is_equal(decision, wanted):
            message = f"the decision about {quote(item.id)} differs from the decision in the result"
            raise QuestionError([Diagnostic("FLEET_INPUT_DIFFERS", message, hint=_HINT)])
        labels = {f"label {visible(name)}": visible(value) for name, value in item.labels.items()}
        facts = {"question": visible(item.id), **labels}
        text = decision_page(decision, RecordInfo(facts))
        (Path(self.folder) / wanted.file).write_text(text, encoding="ascii")


_HINT = "give the inputs, the policy and the parameters with which the result was written"


def _is_equal(decision: Decision, wanted: Wanted) -> bool:
    if (str(decision.status), decision.host_active_nic) != (wanted.status, wanted.host_active_nic):
        return False
    return wanted.sha256 is None or digest(decision.to_json()) == wanted.sha256


def write_pages(result: Path, inputs: Inputs, asked: Asked, folder: Path, most: int) -> Iterator[Range]:
    """Write the page of a result and the pages of at most `most` hosts, and yield each range when it is finished.

    Hosts that are not resolved are first. Raises QuestionError if the result or an input cannot be read, or if the
    folder cannot be written. Also raises QuestionError if the inputs do not have one of these hosts, or give another
    answer for the host.
    """
    wanted = _wanted(result, asked, most)
    try:
        with TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.absolute().parent) as temporary:
            new = Path(temporary) / "pages"
            (new / _HOSTS).mkdir(parents=True)
            missing = set(wanted)
            ranges = inputs.plan(inputs.files()[0]) if wanted else iter(())
            for part, ids in map_ranges(WriteRange(asked, wanted, str(new)), ranges):
                missing.difference_update(ids)
                yield part
            _refuse_missing(sorted(missing))
            content = summary_page(result, {name: one.file for name, one in wanted.items()})
            (new / INDEX).write_text(fleet_page(content), encoding="ascii")
            new.replace(folder)
    except OSError as error:
        message = f"{quote_path(folder)} cannot be written: {reason_of(error)}"
        raise QuestionError([Diagnostic("FLEET_PAGES_UNWRITABLE", message)]) from None


def _wanted(result: Path, asked: Asked, most: int) -> dict[str, Wanted]:
    """Return the hosts that get a page, by id. A host is left out if several questions have its id."""
    with opened(result) as connection:
        policies = {one for (one,) in connection.execute("SELECT DISTINCT policy_sha256 FROM result").fetchall()}
        rows = connection.execute(_WANTED.format(most=most)).fetchall()
    if policies - {asked.policy.digest}:
        message = f"the policy {quote(asked.policy.name)} is not the policy that decided {quote_path(result)}"
        raise QuestionError([Diagnostic("FLEET_POLICY_DIFFERS", message, hint="give the policy with `--policy`")])
    width = len(str(most))
    return {
        host: Wanted(f"{_HOSTS}/{number:0{width}}.html", status, name, sha256)
        for number, (host, status, name, sha256) in enumerate(rows, 1)
    }


def _refuse_missing(ids: list[str]) -> None:
    if ids:
        message = f"the inputs have no valid questions with these ids of the result: {quote_some(ids, _MOST_IDS)}"
        raise QuestionError([Diagnostic("FLEET_INPUT_DIFFERS", message, hint=_HINT)])
