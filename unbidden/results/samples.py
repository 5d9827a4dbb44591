"""The samples of a run folder, read straight from its logs: what scoring and tables need of them, and no transcript."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from inspect_ai.log import EvalError, EvalLog, read_eval_log
from inspect_ai.model import ModelUsage
from inspect_ai.scorer import Score
from pydantic import BaseModel, ConfigDict, ValidationError

from unbidden.errors import ResultsError
from unbidden.results.archive import HEAD, damages, log_files, must_unpack, reading
from unbidden.scenario.brief import SampleMeta
from unbidden.subject.record import Record


class _Part(BaseModel):
    """A part of what Inspect writes; the rest of it is passed over, unread."""

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True, protected_namespaces=())


class LogSample(_Part):
    """One sample of a log, without its messages and events.

    Times are in seconds.
    """

    id: int | str
    epoch: int
    metadata: dict[str, Any] = {}
    store: dict[str, Any] = {}
    scores: dict[str, Score] | None = None
    error: EvalError | None = None
    model_usage: dict[str, ModelUsage] = {}
    total_time: float | None = None
    working_time: float | None = None
    uuid: str | None = None

    def meta(self) -> SampleMeta | None:
        """What scoring must know of its situation; `None` if the sample is not one of ours."""
        try:
            return SampleMeta.of(self.metadata)
        except ValidationError:
            return None

    def record(self) -> Record | None:
        """What it left behind; `None` if it left nothing readable."""
        return Record.of_log(self.store)


@dataclass(frozen=True)
class RunLog:
    """One log of a run: a scenario played by one subject."""

    name: str
    model: str
    scenario: str
    samples: Sequence[LogSample]


@dataclass(frozen=True)
class HeadedLog:
    """A log of which only the head has been read."""

    path: Path
    task: str
    model: str
    scenario: str


def read_logs(folder: Path, only: Collection[str] | None = None) -> list[RunLog]:
    """The newest log of each task of a run folder, with the samples in Inspect's order.

    Args:
        folder: The run folder.
        only: The names of the log files to read; all if `None`.

    Raises:
        ResultsError: A log cannot be read: an error, never a silent gap.
    """
    return [read_log(log) for log in newest_logs(folder) if only is None or log.path.name in only]


def newest_logs(folder: Path) -> list[HeadedLog]:
    """The newest log of each task of a run folder. Raises `ResultsError` if a log's head cannot be read."""
    return list({log.task: log for log in headed_logs(folder)}.values())


def headed_logs(folder: Path, damaged: list[ResultsError] | None = None) -> list[HeadedLog]:
    """All logs of a run folder, the oldest first.

    Args:
        folder: The run folder.
        damaged: Takes what is wrong with the logs that cannot be read, which are then left out.

    Raises:
        ResultsError: A log's head cannot be read, and there is nowhere to put that.
    """
    found: list[HeadedLog] = []
    for path in log_files(folder / "logs"):
        try:
            must_unpack(path)
            spec = _spec(path)
        except ResultsError as problem:
            if damaged is None:
                raise
            damaged.append(problem)
            continue
        found.append(HeadedLog(path, spec.task_id, spec.model, str((spec.metadata or {}).get("scenario"))))
    return found


def read_log(log: HeadedLog) -> RunLog:
    """Raises `ResultsError` if it cannot be read."""
    return RunLog(log.path.name, log.model, log.scenario, _samples(log.path))


def check_log(path: Path) -> None:
    """See that every byte of a log is as it was written.

    Raises:
        ResultsError: One is not.
    """
    try:
        if path.suffix != ".eval":
            _samples(path)
            return
        with ZipFile(path) as log:
            if (member := log.testzip()) is not None:
                raise BadZipFile(f"'{member}' is not what was written")
    except damages() as problem:
        raise ResultsError(f"a log cannot be read ({problem})", where=str(path)) from None


class _Spec(_Part):
    """What was run, as far as it is needed here."""

    task_id: str
    model: str
    metadata: dict[str, Any] | None = None


class _Header(_Part):
    eval: _Spec


_SAMPLES = "samples/"

_UNREAD = {"messages", "events", "attachments", "output", "timelines"}
"""What of a sample is not needed; most of a log's weight."""


def _spec(path: Path) -> _Spec:
    try:
        with ZipFile(path) as log:
            return _Header.model_validate_json(
                log.read(HEAD[0] if HEAD[0] in log.namelist() else HEAD[1])
            ).eval
    except damages():
        return _Header.model_validate(_by_inspect(path, header_only=True)).eval


def _samples(path: Path) -> list[LogSample]:
    try:
        with ZipFile(path) as log:
            # a sample that was played again stands in the log twice, and its name leads to the later one
            names = [name for name in dict.fromkeys(log.namelist()) if _is_sample(name)]
            samples = [LogSample.model_validate_json(log.read(name)) for name in names]
    except damages():
        samples = [LogSample.model_validate(sample) for sample in _by_inspect(path).samples or []]
    return sorted(samples, key=_place)


def _is_sample(name: str) -> bool:
    return name.startswith(_SAMPLES) and name.endswith(".json")


def _place(sample: LogSample) -> tuple[int, str]:
    """Where Inspect puts a sample among the others."""
    return sample.epoch, sample.id if isinstance(sample.id, str) else str(sample.id).zfill(20)


def _by_inspect(path: Path, *, header_only: bool = False) -> EvalLog:
    """A log in another format, or one that only Inspect's own, slower reader takes (nested without end, for example)."""
    with reading(path, *(HEAD if header_only else ())):
        return read_eval_log(str(path), header_only=header_only, exclude_fields=_UNREAD)
