"""What a sample left behind, read out of the run's logs one sample at a time."""

from contextlib import suppress
from pathlib import Path

from inspect_ai.log import EvalSample, read_eval_log_sample
from pydantic import ValidationError

from unbidden.errors import ResultsError
from unbidden.labelling.store import Key
from unbidden.results.archive import reading
from unbidden.results.samples import headed_logs
from unbidden.scenario.brief import SampleMeta
from unbidden.scoring.evidence import Case
from unbidden.subject.record import Record

_UNREAD = {"messages", "events", "timelines"}
"""What a person is not shown; most of a log's weight."""


class Transcripts:
    """The samples of a run folder.

    Raises:
        ResultsError: A log cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logs: dict[tuple[str, str], list[Path]] = {}
        for log in reversed(headed_logs(folder)):  # the newest first
            self._logs.setdefault((log.model, log.scenario), []).append(log.path)

    def case(self, key: Key) -> Case:
        """The ledger of a sample and what must be known of its situation.

        Raises:
            ResultsError: The sample is in no log, or its ledger cannot be read.
        """
        for log in self._logs.get((key.subject, key.scenario), []):
            if (sample := _sample(log, key.sample)) is not None:
                return _case(sample, log)
        raise ResultsError(
            f"sample '{key.sample}' of scenario {key.scenario} is in no log",
            where=str(self._folder),
            fix="The verdict table is of another state: delete verdicts.parquet, it is rebuilt from the logs",
        )


def _sample(log: Path, sample: str) -> EvalSample | None:
    with suppress(IndexError), reading(log, f"samples/{sample}_epoch_1.json"):
        return read_eval_log_sample(str(log), id=sample, epoch=1, exclude_fields=_UNREAD)
    return None


def _case(sample: EvalSample, log: Path) -> Case:
    try:
        brief = SampleMeta.of(sample.metadata).brief
    except ValidationError:
        brief = None
    record = Record.of_log(sample.store)
    if brief is None or record is None:
        raise ResultsError(f"sample '{sample.id}' left no readable ledger", where=str(log))
    return Case(record=record, brief=brief)
