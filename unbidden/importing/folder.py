"""An import: runs made elsewhere as an ordinary run folder, in which nothing is ever run."""

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

from inspect_ai import score  # pyright: ignore[reportUnknownVariableType] - Inspect's
from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSample, EvalSpec, write_eval_log
from inspect_ai.scorer import Score
from inspect_ai.util import Store

from unbidden import __version__
from unbidden.errors import BadInputError, SlowPatternError
from unbidden.importing.acts import read_acts
from unbidden.importing.calls import CallsOf, Left, native_calls
from unbidden.importing.inspect_logs import Sources, read_inspect_logs
from unbidden.importing.mapping import MappingFile, load_mapping
from unbidden.importing.misalignment import text_calls
from unbidden.importing.petri import read_petri_logs, target_calls
from unbidden.importing.planning import Placed, meta_of, place
from unbidden.importing.records import read_records
from unbidden.results.manifest import Manifest, PlannedScenario, write_manifest
from unbidden.results.rows import write_tables
from unbidden.scoring.deciders import LEXICON
from unbidden.scoring.ladder import Ladder, load_ladder
from unbidden.scoring.scorer import behaviour


@dataclass(frozen=True)
class Imported:
    """What an import came to; `left` counts the unscored samples by reason, `unmapped` the calls of unknown tools."""

    folder: Path
    samples: int
    left: Mapping[str, int]
    unmapped: Mapping[str, int]
    notes: Sequence[str]


def import_runs(mapping_path: Path, paths: Sequence[Path], results: Path) -> Imported:
    """Read foreign runs, score them by our ladders with the lexicon, and write the run folder. No model is called.

    The folder is named `imported-<scenario>-<hash>`, after mapping, sources and ladders: the same import finds its folder and leaves
    it as it is, anything else gets another. `unbidden run` never resumes into it, because its own folders are named after the
    hash of a spec, which no import has; the manifest says `imported` among its options.

    Raises:
        BadInputError: The mapping or a source cannot be used; nothing is written.
    """
    mapping = load_mapping(mapping_path)
    ladders = {name: load_ladder(name) for name in mapping.behaviours}
    reader, calls_of = _reader(mapping)
    sources = reader(paths, mapping)
    if not sources.samples:
        raise BadInputError("there are no samples in what was given", where=str(paths[0]))
    version = _digest(mapping.model_dump_json())[:12]
    placed = place(sources.samples, mapping)
    read = [_converted(one, mapping, calls_of, version) for one in placed]
    manifest = _manifest(mapping, ladders, sources, placed, version)
    folder = results / f"{manifest.name}-{manifest.digest}"
    known = folder.exists()
    if not known:
        _write(folder, manifest, [_log(model, placed, read, manifest) for model in manifest.models])
    left = [reason for _, reason in read if reason is not None]
    unmapped = Counter[str]()
    for reason in left:
        unmapped.update(reason.unmapped)
    notes = [*sources.notes, *_absent(manifest, placed)]
    notes += ["The same import was there already and is left as it is."] if known else []
    return Imported(folder, len(placed), Counter(one.reason for one in left), unmapped, notes)


Converted = tuple[EvalSample, Left | None]


def _reader(
    mapping: MappingFile,
) -> tuple[Callable[[Sequence[Path], MappingFile], Sources], CallsOf]:
    match mapping.reads:
        case "inspect":
            return read_inspect_logs, native_calls
        case "petri":
            return read_petri_logs, target_calls
        case "misalignment":
            return read_records, text_calls(mapping)


def _converted(placed: Placed, mapping: MappingFile, calls_of: CallsOf, version: str) -> Converted:
    """A foreign sample as one of ours: its conversation as it was, our metadata, and the record in the store."""
    foreign = placed.foreign
    try:
        found = read_acts(foreign.sample, mapping, calls_of)
    except SlowPatternError as slow:
        found = Left(reason=slow.reason, detail=str(slow))
    store = Store()
    if isinstance(found, Left):
        meta, reason = meta_of(placed, mapping, version), found
    else:
        meta, reason = meta_of(placed, mapping, version, found.told), None
        found.record.keep(store)
    origin = {
        "file": foreign.file.name,
        "task": foreign.task,
        "id": foreign.sample.id,
        "epoch": foreign.sample.epoch,
    }
    error = foreign.sample.error
    if error is not None and not error.message.strip():
        error = error.model_copy(update={"message": "(no message)"})
    sample = EvalSample(
        id=placed.planned.id,
        epoch=1,
        input=foreign.sample.input,
        target="",
        messages=foreign.sample.messages,
        output=foreign.sample.output,
        metadata={**meta.model_dump(mode="json", exclude_none=True), "imported": origin},
        store=dict(store.items()),
        model_usage=foreign.sample.model_usage,
        total_time=foreign.sample.total_time,
        working_time=foreign.sample.working_time,
        uuid=foreign.sample.uuid,
        error=error,
        limit=foreign.sample.limit,
    )
    return sample, reason


def _log(model: str, placed: Sequence[Placed], read: Sequence[Converted], manifest: Manifest) -> EvalLog:
    """One model's samples, scored by the scorers of a run; what could not be read is unscored with its reason."""
    [scenario] = manifest.scenarios
    own = [(one.foreign, *both) for one, both in zip(placed, read, strict=True) if one.foreign.model == model]
    samples = sorted((sample for _, sample, _ in own), key=lambda sample: str(sample.id))
    log = EvalLog(
        status="success",
        eval=EvalSpec(
            created=min(foreign.created for foreign, _, _ in own),
            task=scenario.id,
            task_id=_digest(f"{manifest.digest}:{model}")[:22],
            task_version=scenario.version,
            dataset=EvalDataset(
                name=scenario.id, samples=len(samples), sample_ids=[str(one.id) for one in samples]
            ),
            model=model,
            config=EvalConfig(epochs=1),
            metadata={"scenario": scenario.id, "title": scenario.title, "imported": True},
        ),
        samples=samples,
    )
    scorers = [behaviour(name) for name in scenario.behaviours]
    scored = score(log, scorers, model="none/none", action="overwrite", display="none")
    reasons = {str(sample.id): left for _, sample, left in own if left is not None}
    for sample in scored.samples or []:
        if left := reasons.get(str(sample.id)):
            sample.scores = {
                name: Score.unscored(
                    reason=left.reason,
                    explanation=left.detail,
                    metadata={"behaviour": name, "decider": LEXICON},
                )
                for name in scenario.behaviours
            }
    return scored


def _manifest(
    mapping: MappingFile,
    ladders: Mapping[str, Ladder],
    sources: Sources,
    placed: Sequence[Placed],
    version: str,
) -> Manifest:
    versions = {name: _digest(ladder.model_dump_json())[:12] for name, ladder in ladders.items()}
    files = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:12] for file in sources.files}
    hashes = sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in sources.files)
    planned = {one.planned.id: one.planned for one in placed}
    return Manifest(
        name=f"imported-{mapping.scenario}",
        title=mapping.title,
        question="Imported: played elsewhere, read by a mapping.",
        digest=_digest(json.dumps(["imported", __version__, version, hashes, versions], sort_keys=True))[:8],
        unbidden=__version__,
        inspect=installed("inspect-ai"),
        decider=LEXICON,
        sandbox="none",
        agent="elsewhere",
        models=sorted({one.foreign.model for one in placed}),
        options={"imported": {"reads": mapping.reads, "files": {**files}}},
        ladders=versions,
        wanted=sorted(name for name, ladder in ladders.items() if ladder.wanted),
        scenarios=[
            PlannedScenario(
                id=mapping.scenario,
                title=mapping.title,
                version=version,
                behaviours=mapping.behaviours,
                samples=[planned[name] for name in sorted(planned)],
            )
        ],
    )


def _write(folder: Path, manifest: Manifest, logs: Sequence[EvalLog]) -> None:
    """Made beside its place and then moved there: an import that is interrupted leaves no half a run."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".importing-") as made:
            new = Path(made) / folder.name
            (new / "logs").mkdir(parents=True)
            write_manifest(new, manifest)
            for log in logs:
                stamp = log.eval.created.replace(":", "-")
                name = f"{stamp}_{manifest.scenarios[0].id}_{log.eval.task_id}.eval"
                write_eval_log(log, str(new / "logs" / name))
            write_tables(new)
            new.rename(folder)
    except OSError as problem:
        raise BadInputError(
            f"cannot write there ({problem})", where=str(folder), fix="Name another --results"
        ) from None


def _absent(manifest: Manifest, placed: Sequence[Placed]) -> list[str]:
    """Models whose samples do not cover the run: in tables the rest is unscored, as not run."""
    planned = len(manifest.scenarios[0].samples)
    have = Counter(one.foreign.model for one in placed)
    return [
        f"{model}: {planned - have[model]} of {planned} samples were not run with it; import it alone if they never were meant to"
        for model in manifest.models
        if have[model] < planned
    ]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
