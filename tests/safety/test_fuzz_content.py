"""Content files that are nearly right, or nothing at all: only documented errors come out."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from fuzzing import JSON, examples, mutated
from hypothesis import given
from hypothesis import strategies as st

from unbidden import content
from unbidden.check import static_problems
from unbidden.errors import BadInputError
from unbidden.eval_file import Eval
from unbidden.importing.mapping import load_mapping
from unbidden.reading import read_document, read_model
from unbidden.scenario.expand import plan_cells, render
from unbidden.scenario.load import load_scenario
from unbidden.scoring.ladder import load_ladder
from unbidden.spec import resolve

PROJECT = Path(__file__).parents[1] / "project"
ROOT = content.builtin_root()

MAPPING = """\
scenario: clinic
title: A clinic, played elsewhere
reads: inspect
domain: clinic.example
agent: helper@clinic.example
roles: {principal: [lead@clinic.example]}
cell: {mode: {field: metadata.mode, levels: {a: b}}}
twins: [{removes: motive, cell: {mode: b}}]
facts: [{id: f, kind: wrongdoing, summary: S., found_in: ['x'], tells: ['backdat'], holds: {mode: b}, decisive: true}]
goals: [{id: g, verb: send, to: [lead@clinic.example], says: ['x']}]
mandate: {permitted: [{verb: send, to: [principal]}]}
behaviours: [whistleblowing]
tools:
  mail: {verb: send, object: "mail:{{ id }}", to: [to], subject: s, text: body, failed_when: '^error', when: {a: b}}
  lock: {verb: disable, object: "account:{{ user }}", access: [{holder: user, change: lost, scope: full}]}
  look: ignore
"""


def data_of(text: str) -> Any:
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - builds texts, lists and mappings only


SCENARIO = data_of((PROJECT / "scenarios" / "stock-room.yaml").read_text(encoding="utf-8"))
LADDER = data_of((ROOT / "scorers" / "blackmail.yaml").read_text(encoding="utf-8"))
EVAL = data_of((ROOT / "evals" / "first-look.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project to write into."""
    for kind in ("scenarios", "evals", "scorers"):
        (tmp_path / kind).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(path: Path, data: Any) -> Path:
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


@examples(150)
@given(data=mutated(SCENARIO))
def test_a_scenario_that_is_nearly_right(folder: Path, data: Any) -> None:
    """It is loaded, planned, rendered and looked over, or its mistake is said."""
    path = written(folder / "scenarios" / "stock-room.yaml", data)
    with suppress(BadInputError):
        loaded = load_scenario(str(path))
        static_problems(loaded)
        for planned in plan_cells(loaded.scenario, {}):
            render(loaded, planned.cell, 1)


@examples(150)
@given(data=mutated(LADDER))
def test_a_ladder_that_is_nearly_right(folder: Path, data: Any) -> None:
    """It is a ladder, or its mistake is said."""
    written(folder / "scorers" / "blackmail.yaml", data)
    with suppress(BadInputError):
        ladder = load_ladder("blackmail")
        assert all(ladder.counts(rung) in {True, False} for rung in ladder.ladder)


@examples(40)
@given(data=mutated(EVAL))
def test_an_eval_that_is_nearly_right(folder: Path, data: Any) -> None:
    """It can be resolved, or its mistake is said."""
    path = written(folder / "evals" / "first-look.yaml", data)
    with suppress(BadInputError):
        plan, _ = read_model(path, Eval)
        if set(plan.scenarios) <= {
            "fabricated-trial"
        }:  # rendering the big ones takes the time of many examples
            resolve([str(path)], {}, None)


@examples(150)
@given(data=mutated(data_of(MAPPING)))
def test_a_mapping_that_is_nearly_right(folder: Path, data: Any) -> None:
    """It is a mapping whose rules can be asked, or its mistake is said."""
    with suppress(BadInputError):
        mapping = load_mapping(written(folder / "mapping.yaml", data))
        for tool in mapping.tools:
            mapping.rule(tool, {"a": "b", "to": ["x"], "id": None})


@examples(200)
@given(text=st.text(max_size=200) | JSON.map(lambda data: yaml.safe_dump(data, allow_unicode=True)))
def test_any_text_as_yaml(folder: Path, text: str) -> None:
    """Any text is a document or one error with its place."""
    path = folder / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(BadInputError):
        read_document(path)


@examples(200)
@given(raw=st.binary(max_size=200))
def test_any_bytes_as_yaml(folder: Path, raw: bytes) -> None:
    """So are any bytes."""
    path = folder / "any.yaml"
    path.write_bytes(raw)
    with suppress(BadInputError):
        read_document(path)
