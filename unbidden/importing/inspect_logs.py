"""Inspect logs that somebody else's task wrote."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspect_ai.log import EvalLog, EvalSample, read_eval_log

from unbidden.errors import BadInputError
from unbidden.importing.given import given_files
from unbidden.importing.mapping import MappingFile
from unbidden.results.archive import log_files, reading


@dataclass(frozen=True)
class Foreign:
    """One sample as somebody else's run left it.

    `fields` is what a mapping's cell reads its levels from. `id` is `None` where the source gives its samples no ids: such
    samples of several models are not paired.
    """

    sample: EvalSample
    model: str
    created: str
    file: Path
    task: str
    id: str | None
    fields: Mapping[str, Any]


@dataclass
class Sources:
    """What was found: samples, the files they came from, and what a reader must be told."""

    samples: list[Foreign] = field(default_factory=list[Foreign])
    files: list[Path] = field(default_factory=list[Path])
    notes: list[str] = field(default_factory=list[str])


def read_inspect_logs(paths: Sequence[Path], mapping: MappingFile) -> Sources:
    """Read Inspect logs; of several logs of one task (a run that was resumed) the newest.

    Raises:
        NotFoundError: A path that does not exist.
        ResultsError: A log that cannot be read.
    """
    found = Sources()
    for file, log in newest_logs(paths):
        found.files.append(file)
        found.notes += unfinished(file, log)
        found.samples += [
            foreign(file, log, sample, mapping.subject or log.eval.model) for sample in log.samples or []
        ]
    return found


def newest_logs(paths: Sequence[Path], *, events: bool = False) -> Iterator[tuple[Path, EvalLog]]:
    """Every log below some paths, without those that a later log of the same task replaced.

    Args:
        paths: Logs, and folders of logs.
        events: Whether events and timelines are read, too; they are most of a log's weight.
    """
    newest: dict[str, tuple[Path, EvalLog]] = {}
    for file in given_files(paths, log_files, "Inspect logs"):
        with reading(file, fix="Give Inspect logs, or say another 'reads' in the mapping"):
            log = read_eval_log(
                str(file), resolve_attachments=True, exclude_fields={"store"} if events else _UNREAD
            )
        other = newest.get(log.eval.task_id)
        if other is None or other[1].eval.created <= log.eval.created:
            newest[log.eval.task_id] = (file, log)
    yield from newest.values()


_UNREAD = {"events", "events_data", "timelines", "store"}
"""What an ordinary log is read without."""


def foreign(file: Path, log: EvalLog, sample: EvalSample, model: str) -> Foreign:
    """A sample of a log with what is known of it."""
    model = model_name(model, str(file))
    fields = {
        "id": sample.id,
        "epoch": sample.epoch,
        "task": log.eval.task,
        "task_args": log.eval.task_args,
        "model": model,
        "metadata": sample.metadata,
    }
    identity = f"{sample.id:08d}" if isinstance(sample.id, int) else sample.id
    return Foreign(sample, model, log.eval.created, file, log.eval.task, f"{identity}/{sample.epoch}", fields)


def model_name(given: str, where: str) -> str:
    """A model's name with a provider before it, without which Inspect reads no log: `elsewhere` where the source names none.

    Raises:
        BadInputError: It is empty.
    """
    if not given.strip(" /"):
        fix = "Name it there, or under 'subject' in the mapping"
        raise BadInputError("the model's name is empty", where=where, fix=fix)
    return given if "/" in given else f"elsewhere/{given}"


def unfinished(file: Path, log: EvalLog) -> list[str]:
    """A log that ended early lacks samples of which nothing at all is known."""
    epochs, planned = log.eval.config.epochs or 1, log.eval.dataset.samples or 0
    missing = planned * epochs - len(log.samples or [])
    if log.status == "success" or missing <= 0:
        return []
    return [
        f"{file.name}: the run ended early ({log.status}); {missing} samples are not in its log and left out"
    ]
