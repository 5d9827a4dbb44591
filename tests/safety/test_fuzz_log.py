"""Logs that are nearly right: a table, or a documented error."""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import inspect_ai.log  # noqa: F401 - teaches zipfile the compression of Inspect's logs
import pytest
from fuzzing import examples, mutated
from hypothesis import given
from hypothesis import strategies as st

from unbidden.errors import BadInputError
from unbidden.plan.pilot import read_pilot
from unbidden.redact import redact
from unbidden.rescore import rescore
from unbidden.results.compare import compare
from unbidden.results.report import rendered
from unbidden.run import Request, run
from unbidden.spec import resolve

PROJECT = Path(__file__).parents[1] / "project"


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A run folder, and the members of its log as data; of samples what tables are made of."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(PROJECT)
        request = Request(
            resolve(["stock-room"], {}, 1), ["unbidden/zealot"], tmp_path_factory.mktemp("runs")
        )
        folder = run(request).folder
    [path] = (folder / "logs").glob("*.eval")
    with ZipFile(path) as log:
        found = {name: json.loads(log.read(name)) for name in log.namelist()}
    for name, data in found.items():
        if name.startswith("samples/"):
            found[name] = {
                key: value
                for key, value in data.items()
                if key not in {"events", "events_data", "attachments"}
            }
    return folder, found


def as_archive(path: Path, members: dict[str, Any]) -> None:
    with ZipFile(path.with_suffix(".eval"), "w", ZIP_DEFLATED) as log:
        for name, value in members.items():
            log.writestr(name, json.dumps(value))


def as_text(path: Path, members: dict[str, Any]) -> None:
    head = members["header.json"]
    samples = [value for name, value in members.items() if name.startswith("samples/")]
    whole = {**head, "samples": samples} if isinstance(head, dict) else head
    path.with_suffix(".json").write_text(json.dumps(whole))


@examples(60)
@given(data=st.data())
def test_a_log_that_is_nearly_right(
    members: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    """A changed sample or head, in either format of Inspect's, is shown, scored again, planned by and copied, or refused with one error."""
    monkeypatch.chdir(PROJECT)
    folder, found = members
    copy = tmp_path / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    (copy / "logs").mkdir(parents=True)
    shutil.copyfile(folder / "manifest.json", copy / "manifest.json")
    changed = data.draw(st.sampled_from(sorted(name for name in found if "summaries" not in name)))
    data.draw(st.sampled_from([as_archive, as_text]))(
        copy / "logs" / "2025-01-01T00-00-00_x_y",
        {name: data.draw(mutated(value)) if name == changed else value for name, value in found.items()},
    )
    for use in (lambda: rendered(compare([copy])), lambda: rescore(copy), lambda: read_pilot(copy)):
        with suppress(BadInputError):
            use()
    with suppress(BadInputError):
        shutil.rmtree(redact(copy, copy / "shared").folder)


@examples(60)
@given(data=st.data())
def test_a_manifest_that_is_nearly_right(
    members: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    """So is a changed manifest."""
    monkeypatch.chdir(PROJECT)
    folder, _ = members
    copy = tmp_path / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    given_ = json.loads((folder / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(data.draw(mutated(given_))))
    for name in ("verdicts.parquet", "provenance.parquet"):
        (copy / name).unlink()
    with suppress(BadInputError):
        rendered(compare([copy]))
