"""A copy of a run folder that can be shared: without reasoning, and without prompts or texts that are to stay at home."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspect_ai.log import (
    EvalError,
    EvalLog,
    EvalSample,
    condense_sample,
    read_eval_log,
    read_eval_log_samples,
    write_eval_log,
)

from unbidden.errors import BadInputError, NotFoundError
from unbidden.labelling.store import Label, labels_path, read_labels
from unbidden.results.archive import log_files, reading
from unbidden.results.manifest import Manifest, Redaction, read_manifest, write_manifest
from unbidden.results.rows import write_tables
from unbidden.results.scores import AS_RUN, answers_of, labels, read_scores, write_scores
from unbidden.sample_redaction import MARK, Wanted, redacted_sample


@dataclass(frozen=True)
class Redacted:
    """What was written: the copy, how many samples it holds, and what was left out of them."""

    folder: Path
    samples: int
    left_out: Sequence[Redaction]


def redact(folder: Path, out: Path, *, prompts: bool = False, texts: bool = False) -> Redacted:
    """Write a copy of a run folder without what is not to be shared.

    Reasoning is always left out, native or in declared markup, and so are the prompts of scenarios that are marked `private`. What the
    verdict table is made of stays, so that both tables, rebuilt from the copy, are the original's. Raw calls of model APIs, Inspect's
    snapshots of its own state, tracebacks and whatever else the copy's readers do not need are left out, too. Where something
    was, a marker is.

    Args:
        folder: The run folder.
        out: The folder to make.
        prompts: Leave out the prompts of every scenario.
        texts: Leave out every text: of messages, tool calls and results, and of the acts in the ledger. Such a copy cannot be scored again.

    Raises:
        ResultsError: The run folder or a log of it cannot be read.
        BadInputError: The copy cannot be written there. Nothing is left behind.
    """
    run = read_manifest(folder)
    private = {scenario.id for scenario in run.scenarios if prompts or scenario.private}
    left_out = _left_out(run, bool(private), texts)
    if out.exists():
        raise BadInputError(f"{out} is there already", fix="Name a folder that does not exist yet")
    logs = log_files(folder / "logs")
    if not logs:
        raise NotFoundError(f"there is no log in {folder / 'logs'}", fix="Give a run folder with its logs")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".redacting-") as made:
            new = Path(made) / "copy"
            (new / "logs").mkdir(parents=True)
            write_manifest(new, run.model_copy(update={"redacted": left_out}))
            samples = sum(_log(path, new / "logs" / path.name, private, texts) for path in logs)
            write_tables(new)
            _beside(folder, new, run, prompts=bool(private), texts=texts)
            new.rename(out)
    except OSError as problem:
        raise BadInputError(f"cannot write there ({problem})", where=str(out)) from None
    return Redacted(out, samples, left_out)


def _left_out(run: Manifest, prompts: bool, texts: bool) -> list[Redaction]:  # noqa: FBT001 - two of a kind
    now: dict[Redaction, bool] = {"reasoning": True, "prompts": prompts, "texts": texts}
    return [name for name, yes in now.items() if yes or name in run.redacted]


def _log(path: Path, copy: Path, private: set[str], texts: bool) -> int:  # noqa: FBT001 - passed on
    """Write the copy of one log; returns how many samples it holds."""
    with reading(path):
        log = read_eval_log(str(path), header_only=True)
        wanted = Wanted(prompts=str((log.eval.metadata or {}).get("scenario")) in private, texts=texts)
        log.samples = [condense_sample(redacted_sample(sample, wanted)) for sample in _samples(path, log)]
    if log.error is not None:
        log.error = EvalError(message=log.error.message, traceback=MARK, traceback_ansi=MARK)
    write_eval_log(log, str(copy))
    return len(log.samples)


def _samples(path: Path, log: EvalLog) -> Iterator[EvalSample]:
    """One after another: whole transcripts of a whole log may fill the memory."""
    complete = log.status == "success"
    return read_eval_log_samples(str(path), all_samples_required=complete, resolve_attachments="full")


def _beside(folder: Path, new: Path, run: Manifest, *, prompts: bool, texts: bool) -> None:
    """Later scorings and people's labels: typed rows, written anew; of what else lies in the folder nothing is known."""
    for label in labels(folder):
        if label != AS_RUN:
            answers = answers_of(folder, label)
            if texts or prompts:
                answers["span"] = answers["span"].mask(answers["span"].fillna("") != "", MARK)
            write_scores(new, *read_scores(folder, run, label), answers)
    for behaviour in sorted({name for scenario in run.scenarios for name in scenario.behaviours}):
        if given := read_labels(labels_path(folder, behaviour)):
            kept = [_kept(label, texts=texts) for label in given]
            path = labels_path(new, behaviour)
            path.parent.mkdir(exist_ok=True)
            lines = [json.dumps(label.model_dump(mode="json"), ensure_ascii=False) for label in kept]
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _kept(label: Label, *, texts: bool) -> Label:
    return label.model_copy(update={"note": MARK}) if texts and label.note else label
