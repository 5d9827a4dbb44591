"""What is asked of a gate: by a gate file, by a command, or by a test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unbidden import content
from unbidden.errors import BadInputError, suggestion
from unbidden.gate.baseline import Saved, is_path, read_baseline
from unbidden.gate.play import Request
from unbidden.gating.file import GateFile
from unbidden.gating.spec import Gate
from unbidden.options import IN_A_FILE
from unbidden.reading import Document, read_document, read_model
from unbidden.spec import Spec, resolve
from unbidden.system_prompt import SystemPrompt, read_system_prompt
from unbidden.vocabulary import AgentName, SandboxName

OWN = "scenario"
"""What the scenario's own system prompt is called where a file could be named."""


@dataclass(frozen=True)
class Asked:
    """What a command or a test says beside the name of the gate; it goes before what a gate file says.

    A system prompt is a file, or a text; `against` may also be `scenario`, for the scenario's own.
    """

    models: Sequence[str] = ()
    system_prompt: Path | str | None = None
    against: Path | str | None = None
    baseline: str | None = None
    across_models: bool = False
    blocks: int | None = None
    at_once: int | None = None
    fresh: bool = False
    max_cost: float | None = None
    factors: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    graders: Sequence[str] = ()
    sandbox: SandboxName | None = None
    agent: AgentName | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    results: Path = Path("results")


def requests(names: Sequence[str], asked: Asked) -> list[Request]:
    """What is to be played, for each subject.

    Args:
        names: An eval that has a gate, or a gate file; by name or path.
        asked: What is said beside it.

    Raises:
        BadInputError: Something that is named does not exist, is wrong, or does not go together.
    """
    file, document = _gate_file(names)
    if document is not None:
        _must_be_harmless(file, document)
    spec = resolve(
        file.eval,
        {**file.factors, **asked.factors},
        1,
        graders=asked.graders or file.graders,
        sandbox=asked.sandbox or file.sandbox,
        agent=asked.agent or file.agent,
    )
    gate = file.gate or spec.gate
    if gate is None:
        fix = "Give it a 'gate:' section, for example 'gate: {primary: {whistleblowing: {max: 0.05}}}'"
        raise BadInputError(f"{spec.name} has no gate", fix=fix)
    must_be_played(gate, spec, document if document and file.gate else _eval_document(file.eval))
    spec = spec if gate.misfires else spec.untwinned()
    models = list(dict.fromkeys(asked.models or file.models))
    if not models:
        raise BadInputError("no subject is named", fix="Give --model, or 'models' in the gate file")
    candidate, against, saved = _arms(file, document, asked, spec, gate)
    at_once, blocks = asked.at_once or file.at_once, asked.blocks
    if at_once < 1 or (blocks is not None and blocks < 1):
        raise BadInputError("a gate takes at least 1 block, and at least 1 at once")
    return [
        Request(
            gate=gate,
            candidate=candidate,
            model=model,
            results=asked.results,
            against=against,
            saved=saved,
            across_models=asked.across_models or file.across_models,
            blocks=blocks,
            at_once=at_once,
            fresh=asked.fresh,
            max_cost=asked.max_cost if asked.max_cost is not None else file.max_cost,
            options={**file.options, **asked.options},
        )
        for model in models
    ]


def is_gate_file(path: Path) -> bool:
    """Whether a YAML file is a gate by where it is or what it is called."""
    return path.name.endswith((".gate.yaml", ".gate.yml")) or path.resolve().parent.name == "gates"


def must_be_played(gate: Gate, spec: Spec, document: Document) -> None:
    """Raises `BadInputError` if a gate has a rule about what none of the eval's cells can show."""
    for section in ("primary", "misfires"):
        for name in getattr(gate, section):
            allowed = [
                behaviour
                for behaviour, ladder in spec.ladders.items()
                if section == "primary" or not ladder.wanted
            ]
            if name in allowed and _has_cells(spec, name, twins=section == "misfires"):
                continue
            what = f"the gate has a rule about '{name}', which {spec.name} does not score"
            if name in spec.ladders:
                what = f"the gate has a rule about misfires of '{name}', and none can happen in {spec.name}"
            raise document.error(what, ("gate", section, name), suggestion(name, allowed))


def _must_be_harmless(file: GateFile, document: Document) -> None:
    """Raises `ContentError` at an option that is the user's alone to set."""
    for name in file.options:
        if name not in IN_A_FILE:
            fix = f"Give it on the command line: --inspect {name}=... Allowed here: {', '.join(sorted(IN_A_FILE))}"
            raise document.error(f"a gate file cannot set '{name}'", ("options", name), fix)


def _has_cells(spec: Spec, behaviour: str, *, twins: bool) -> bool:
    return any(
        (cell.twin != "none") == twins
        for scope in spec.scopes
        if behaviour in scope.behaviours
        for cell in scope.cells
    )


def _eval_document(names: Sequence[str]) -> Document:
    """The eval that has the gate, for its lines."""
    return read_document(content.find("evals", names[0]))


def _gate_file(names: Sequence[str]) -> tuple[GateFile, Document | None]:
    gates = content.listing("gates")
    [name, *others] = names
    named = name in gates and name not in content.listing("evals")
    if not named and not (name.endswith((".yaml", ".yml")) and is_gate_file(Path(name))):
        return GateFile(eval=list(names)), None
    if others:
        raise BadInputError("one gate file at a time", fix=f"Give '{name}' alone")
    path = content.find("gates", name)
    return read_model(path, GateFile)


def _arms(
    file: GateFile, document: Document | None, asked: Asked, spec: Spec, gate: Gate
) -> tuple[Spec, Spec | None, Saved | None]:
    """The candidate, the arm beside it, and the saved baseline in its place."""
    beside = None if document is None else document.path
    prompt = _prompt(asked.system_prompt, file.system_prompt, beside)
    against = asked.against if asked.against is not None else _said(file.against, asked.baseline)
    baseline = asked.baseline or _said(file.baseline, asked.against)
    candidate = spec.prompted(prompt)
    if against is not None and baseline is not None:
        raise BadInputError("--against and --baseline exclude each other", fix="Leave one of them out")
    if not gate.compares():
        if against is None and baseline is None:
            return candidate, None, None
        fix = "Add 'worse_by' to a behaviour, or leave --against and --baseline out"
        raise BadInputError("no rule of the gate compares with anything", fix=fix)
    if baseline is not None:
        if beside is not None and asked.baseline is None and is_path(baseline):
            baseline = str(content.named_in(beside, baseline))
        return candidate, None, read_baseline(baseline)
    if against is None and prompt is None:
        raise BadInputError(
            "the gate compares ('worse_by'), and there is nothing to compare with",
            fix="Give --against with a system prompt, or --baseline with a saved baseline",
        )
    other = None if against in (None, OWN) else _prompt(asked.against, file.against, beside)
    return candidate, spec.prompted(other), None


def _said(in_file: str | None, otherwise: object) -> str | None:
    """What a gate file says, unless the command says it otherwise."""
    return in_file if otherwise is None else None


def _prompt(asked: Path | str | None, in_file: str | None, beside: Path | None) -> SystemPrompt | None:
    """A system prompt: a text, or a file that is relative to the gate file if that names it."""
    if isinstance(asked, Path):
        return read_system_prompt(asked)
    if asked is not None:
        return SystemPrompt(asked)
    if in_file is None or beside is None:
        return None
    return read_system_prompt(content.named_in(beside, in_file))
