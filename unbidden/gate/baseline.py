"""Saved baselines: what a run showed, cell by cell, and everything it depends on, in a small file that is committed."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pydantic import JsonValue, ValidationError

from unbidden import content
from unbidden.errors import BadInputError, NotFoundError, ResultsError, suggestion
from unbidden.gate.evidence import cells_of
from unbidden.gating.family import Question
from unbidden.gating.sequential import Stored
from unbidden.gating.spec import Gate
from unbidden.reading import Frozen, read_text
from unbidden.results.manifest import Manifest, read_manifest
from unbidden.results.rows import read_verdicts

FOLDER = Path("results") / "baselines"


class CellRate(Frozen):
    """How often one cell showed a behaviour: `hits` of `n` samples with a verdict; `unscored` have none."""

    scenario: str
    cell: str
    twin: str
    behaviour: str
    hits: int
    n: int
    unscored: int


class Saved(Frozen):
    """A baseline: the rates of each subject of a run, and what they depend on; hashes where that is content."""

    name: str
    run: str
    unbidden: str
    inspect: str
    decider: str
    sandbox: str
    agent: str
    system_prompt: str | None
    limits: dict[str, int] | None
    options: dict[str, JsonValue]
    ladders: dict[str, str]
    rubrics: dict[str, str] = {}
    wanted: list[str]
    scenarios: dict[str, str]
    rates: dict[str, list[CellRate]]


def saved_from(folder: Path, name: str) -> Saved:
    """What a run folder would be as a baseline.

    Raises:
        ResultsError: The folder cannot be read, or holds no verdict at all.
    """
    manifest, table = read_manifest(folder), read_verdicts(folder)
    rates = {model: _rates(table[table["subject"] == model]) for model in manifest.models}
    for model, mine in rates.items():
        if not any(rate.n for rate in mine):
            raise ResultsError(
                f"holds no verdict on {model}: nothing to save",
                where=str(folder),
                fix="Run it to its end first",
            )
    return Saved(
        name=name,
        run=f"{manifest.name}-{manifest.digest}",
        unbidden=manifest.unbidden,
        inspect=manifest.inspect,
        decider=manifest.decider,
        sandbox=manifest.sandbox,
        agent=manifest.agent,
        system_prompt=hashed(manifest.system_prompt),
        limits=manifest.limits,
        options=manifest.options,
        ladders=manifest.ladders,
        rubrics=manifest.rubrics,
        wanted=manifest.wanted,
        scenarios={scenario.id: scenario.version for scenario in manifest.scenarios},
        rates=rates,
    )


def save(folder: Path, name: str, *, into: Path = FOLDER, replace: bool = False) -> Path:
    """Save a run as a baseline; returns its file.

    Raises:
        BadInputError: The run cannot be read, the name cannot be a file's, or there is a baseline of that name already.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}", name):
        fix = "Use up to 80 letters, digits and . _ + -, and begin with a letter or digit"
        raise BadInputError(f"a baseline cannot be called '{name}'", fix=fix)
    saved, path = saved_from(folder, name), into / f"{name}.json"
    if path.exists() and not replace:
        raise BadInputError(
            "there is a baseline of that name", where=str(path), fix="Use --replace, or another name"
        )
    text = json.dumps(saved.model_dump(mode="json"), indent=1, ensure_ascii=False)
    try:
        into.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as problem:
        raise BadInputError(f"cannot write there ({problem})", where=str(path)) from None
    return path


def read_baseline(name: str, folder: Path = FOLDER) -> Saved:
    """A baseline by its name, or by the path of its file with or without `.json`.

    Raises:
        NotFoundError: There is none.
        ResultsError: It cannot be read.
    """
    path = Path(name if name.endswith(".json") else f"{name}.json")
    if not is_path(name):
        path = content.own(folder / f"{name}.json")
    try:
        return Saved.model_validate_json(read_text(path))
    except FileNotFoundError:
        there = [file.stem for file in folder.glob("*.json")]
        fix = f"{suggestion(name, there)}. 'unbidden baseline save' makes one"
        raise NotFoundError(f"there is no baseline '{name}'", where=str(path), fix=fix) from None
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        what = f"is not a baseline of this version: {place} {first['msg']}"
        raise ResultsError(what, where=str(path), fix="Save it again from its run") from None
    except (OSError, ValueError) as problem:
        raise ResultsError(f"cannot be read ({problem})", where=str(path)) from None


def is_path(name: str) -> bool:
    """Whether a baseline is called by its file, and not by its name."""
    return "/" in name or name.endswith(".json")


def either(name: str) -> Saved:
    """A baseline by its name or file, or a run folder as it would be saved."""
    folder = Path(name)
    return saved_from(folder, folder.name) if folder.is_dir() else read_baseline(name)


def must_fit(saved: Saved, planned: Manifest, model: str, gate: Gate, *, across_models: bool) -> None:
    """Whether a gate can be judged against a baseline: nothing but the system prompt may differ, and the model if that is said.

    Raises:
        BadInputError: Something differs that must be equal; names all of it.
    """
    differing = list(settings_differing(saved, planned))
    behaviours = [name for name in planned.ladders if name in {*gate.primary, *gate.misfires}]
    differing += [
        f"the ladder of {name} ({saved.ladders.get(name, 'none')} there, {planned.ladders[name]} here)"
        for name in behaviours
        if saved.ladders.get(name) != planned.ladders[name]
    ]
    if not across_models and model not in saved.rates:
        differing.append(f"the model ({', '.join(saved.rates)} there, {model} here)")
    if across_models and model not in saved.rates and len(saved.rates) > 1:
        differing.append(f"the models (several there: {', '.join(saved.rates)}; save a baseline of one)")
    if not differing:
        differing = _missing(saved, planned, model, behaviours)
    if differing:
        fix = "Run the baseline again as things are now and save it, or play it beside the candidate with --against"
        raise BadInputError(f"the baseline '{saved.name}' differs in {'; '.join(differing)}", fix=fix)


def settings_differing(saved: Saved, planned: Manifest) -> Sequence[str]:
    """What of scenarios and settings is not the same, in words."""
    pairs = [
        (
            f"the scenario {scenario.id} or its world",
            saved.scenarios.get(scenario.id, "none"),
            scenario.version,
        )
        for scenario in planned.scenarios
    ]
    pairs += [
        ("the decider", saved.decider, planned.decider),
        ("the sandbox", saved.sandbox, planned.sandbox),
        ("the agent", saved.agent, planned.agent),
        ("the limits", saved.limits, planned.limits),
        ("the options", saved.options, planned.options),
    ]
    if saved.decider == planned.decider:
        pairs += [
            (f"the rubric of {question}", saved.rubrics.get(question, "none"), version)
            for question, version in planned.rubrics.items()
        ]
    return [f"{what} ({there} there, {here} here)" for what, there, here in pairs if there != here]


def stored(saved: Saved, question: Question, planned: Manifest, model: str) -> list[Stored]:
    """A baseline's counts for a question, in the order of the gate's cells."""
    found = {
        (rate.scenario, rate.cell): rate
        for rate in _own(saved, model)
        if rate.behaviour == question.behaviour
    }
    rates = [found[cell] for cell in cells_of(planned, question.behaviour, twins=question.twins)]
    wanted = question.behaviour in planned.wanted
    return [
        Stored(hits=rate.n - rate.hits if wanted else rate.hits, n=rate.n, unscored=rate.unscored)
        for rate in rates
    ]


def _own(saved: Saved, model: str) -> list[CellRate]:
    """The rates of a subject, or of the only one there is."""
    return saved.rates[model] if model in saved.rates else next(iter(saved.rates.values()))


def hashed(text: str | None) -> str | None:
    """A text's hash, short enough to be read."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()[:12]


def _missing(saved: Saved, planned: Manifest, model: str, behaviours: Sequence[str]) -> list[str]:
    """The gate's cells that the baseline has not played."""
    own = _own(saved, model)
    there = {(rate.scenario, rate.cell, rate.behaviour) for rate in own if rate.n + rate.unscored}
    return [
        f"the cells (it has not played {scenario} {cell})"
        for behaviour in behaviours
        for twins in (False, True)
        for scenario, cell in cells_of(planned, behaviour, twins=twins)
        if (scenario, cell, behaviour) not in there
    ][:3]


def _rates(table: pd.DataFrame) -> list[CellRate]:
    rates: list[CellRate] = []
    for key, part in table.groupby(["behaviour", "scenario", "cell", "twin"], sort=True):
        behaviour, scenario, cell, twin = (str(name) for name in key)  # type: ignore[union-attr]
        scored = part[part["unscored"] == ""]
        rates.append(
            CellRate(
                scenario=scenario,
                cell=cell,
                twin=twin,
                behaviour=behaviour,
                hits=int(scored["counted"].sum()),
                n=len(scored),
                unscored=len(part) - len(scored),
            )
        )
    return rates
