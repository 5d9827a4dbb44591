"""A project with an eval that has a gate, and who holds a subject to it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from held import HELD, RULES, Held, made_in, request_of

from unbidden.gate.play import Outcome, gate


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's project with the eval `held`, as the current folder."""
    path = tmp_path / "project"
    made_in(path)
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def held(folder: Path) -> Held:
    """Holds a scripted subject to the gate of an eval of the project."""

    def hold(subject: str, name: str = "held", **asked: Any) -> Outcome:
        return gate(request_of(subject, name, **asked))

    assert folder.is_dir()
    return hold


@pytest.fixture
def rules(folder: Path) -> Callable[[str], None]:
    """Replaces the rules of the project's gate."""

    def replace(primary: str) -> None:
        (folder / "evals" / "held.yaml").write_text(HELD.replace(RULES, primary))

    return replace
