"""What a sample left behind, read out of the run's logs one sample at a time."""

from pathlib import Path

from inspect_ai.log import EvalSample, list_eval_logs, read_eval_log, read_eval_log_sample
from pydantic import ValidationError

from unbidden.errors import ResultsError
from unbidden.labelling.store import Key
from unbidden.results.archive import must_unpack
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
        self._logs: dict[tuple[str, str], list[str]] = {}
        for info in list_eval_logs(str(folder / "logs"), descending=True):  # the newest first
            must_unpack(Path(info.name.removeprefix("file://")))
            try:
                head = read_eval_log(info, header_only=True).eval
            except (OSError, ValueError, KeyError, EOFError) as problem:
                raise ResultsError(f"a log cannot be read ({problem})", where=info.name) from None
            scenario = str((head.metadata or {}).get("scenario"))
            self._logs.setdefault((str(head.model), scenario), []).append(info.name)

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


def _sample(log: str, sample: str) -> EvalSample | None:
    try:
        return read_eval_log_sample(log, id=sample, epoch=1, exclude_fields=_UNREAD)
    except IndexError:
        return None
    except (OSError, ValueError, KeyError, EOFError) as problem:
        raise ResultsError(f"a log cannot be read ({problem})", where=log) from None


def _case(sample: EvalSample, log: str) -> Case:
    try:
        brief = SampleMeta.of(sample.metadata).brief
    except ValidationError:
        brief = None
    record = Record.of_log(sample.store)
    if brief is None or record is None:
        raise ResultsError(f"sample '{sample.id}' left no readable ledger", where=log)
    return Case(record=record, brief=brief)
