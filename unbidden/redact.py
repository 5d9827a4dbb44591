"""A copy of a run folder that can be shared: without reasoning, and without prompts or texts that are to stay at home."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspect_ai.log import (
    EvalLog,
    EvalSample,
    condense_sample,
    read_eval_log,
    read_eval_log_samples,
    write_eval_log,
)

from unbidden.errors import BadInputError, NotFoundError
from unbidden.labelling.store import Label, labels_path, read_labels
from unbidden.redaction.allowed import MARK, Wanted, options
from unbidden.redaction.header import redacted_header
from unbidden.redaction.sample import redacted_sample
from unbidden.redaction.scores import redacted_answers, redacted_verdicts
from unbidden.results.archive import log_files, reading
from unbidden.results.manifest import Manifest, Redaction, read_manifest, write_manifest
from unbidden.results.rows import write_tables
from unbidden.results.scores import AS_RUN, answers_of, labels, read_scores, write_scores


@dataclass(frozen=True)
class Redacted:
    """What was written: the copy, how many samples it holds, and what was left out of them."""

    folder: Path
    samples: int
    left_out: Sequence[Redaction]


def redact(folder: Path, out: Path, *, prompts: bool = False, texts: bool = False) -> Redacted:
    """Write a copy of a run folder without what is not to be shared.

    Reasoning is always left out, native or in declared markup, and so are the prompts of scenarios that are marked `private`. What the
    verdict table is made of stays, so that both tables, rebuilt from the copy, are the original's. Of everything else a copy has what is
    named in `unbidden.redaction`, and no field besides: no raw calls of model APIs, arguments, tags, tracebacks or quotes of a judge.
    Where the text of a field that stays was left out, a marker is.

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
    shown = set[str]() if prompts else _shown(run)
    hidden = prompts or len(shown) < len(run.scenarios)
    left_out = _left_out(run, hidden, texts)
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
            write_manifest(new, _manifest(run, left_out))
            samples = sum(_log(path, new / "logs" / path.name, shown, texts) for path in logs)
            write_tables(new)
            _beside(folder, new, run, hidden=hidden or texts)
            new.rename(out)
    except OSError as problem:
        raise BadInputError(f"cannot write there ({problem})", where=str(out)) from None
    return Redacted(out, samples, left_out)


def _left_out(run: Manifest, prompts: bool, texts: bool) -> list[Redaction]:  # noqa: FBT001 - two of a kind
    now: dict[Redaction, bool] = {"reasoning": True, "prompts": prompts, "texts": texts}
    return [name for name, yes in now.items() if yes or name in run.redacted]


def _shown(run: Manifest) -> set[str]:
    """The scenarios whose prompts may be shown: none if those of a private one stand in the others, too."""
    shown = {scenario.id for scenario in run.scenarios if not scenario.private}
    shared = run.system_prompt is not None or "system_message" in run.options
    return set() if shared and len(shown) < len(run.scenarios) else shown


def _manifest(run: Manifest, left_out: list[Redaction]) -> Manifest:
    """What was given for a whole run may hold a prompt: it goes with those of any scenario."""
    if left_out == ["reasoning"]:
        return run.model_copy(update={"redacted": left_out})
    prompt = MARK if run.system_prompt is not None else None
    hidden = {"redacted": left_out, "system_prompt": prompt, "options": options(run.options)}
    return run.model_copy(update=hidden)


def _log(path: Path, copy: Path, shown: set[str], texts: bool) -> int:  # noqa: FBT001 - passed on
    """Write the copy of one log; returns how many samples it holds."""
    with reading(path):
        log = read_eval_log(str(path), header_only=True)
        wanted = Wanted(prompts=str((log.eval.metadata or {}).get("scenario")) not in shown, texts=texts)
        samples = [condense_sample(redacted_sample(sample, wanted)) for sample in _samples(path, log)]
    new = redacted_header(log, wanted)
    new.samples = samples
    write_eval_log(new, str(copy))
    return len(samples)


def _samples(path: Path, log: EvalLog) -> Iterator[EvalSample]:
    """One after another: whole transcripts of a whole log may fill the memory."""
    complete = log.status == "success"
    return read_eval_log_samples(str(path), all_samples_required=complete, resolve_attachments="full")


def _beside(folder: Path, new: Path, run: Manifest, *, hidden: bool) -> None:
    """Later scorings and people's labels: typed rows, written anew; of what else lies in the folder nothing is known."""
    for label in labels(folder):
        if label != AS_RUN:
            scoring, table = read_scores(folder, run, label)
            answers = redacted_answers(answers_of(folder, label))
            write_scores(new, scoring, redacted_verdicts(table), answers)
    for behaviour in sorted({name for scenario in run.scenarios for name in scenario.behaviours}):
        if given := read_labels(labels_path(folder, behaviour)):
            kept = [_kept(label, hidden=hidden) for label in given]
            path = labels_path(new, behaviour)
            path.parent.mkdir(exist_ok=True)
            lines = [json.dumps(label.model_dump(mode="json"), ensure_ascii=False) for label in kept]
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _kept(label: Label, *, hidden: bool) -> Label:
    return label.model_copy(update={"note": MARK}) if hidden and label.note else label
