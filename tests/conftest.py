"""What the tests share: a small project with one scenario, and the world that follows from it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from unbidden.scenario.expand import Situation, full_cell, render
from unbidden.scenario.load import Loaded, load_scenario
from unbidden.world.state import World

settings.register_profile(
    "fixed",
    derandomize=True,  # the same examples in every run
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # properties only read their fixtures
)
settings.load_profile("fixed")

Edited = Callable[..., Path]


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user's project, as the current folder."""
    path = Path(__file__).parent / "project"
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def loaded(project: Path) -> Loaded:
    """The scenario of the tests' own project."""
    found = load_scenario("stock-room")  # a name is looked up from the current folder
    assert found.document.path.is_relative_to(project)
    return found


@pytest.fixture
def situation(loaded: Loaded) -> Situation:
    """The scenario rendered for its baseline cell and the first replicate."""
    return render(loaded, full_cell(loaded.scenario, {}), 1)


@pytest.fixture
def world(situation: Situation) -> World:
    """A world nobody has acted in yet."""
    return World(situation)


@pytest.fixture
def edited(project: Path, tmp_path: Path) -> Edited:
    """Makes a copy of the scenario in which some passages, each of which occurs once, are replaced by others."""

    def edit(*changes: tuple[str, str]) -> Path:
        text = (project / "scenarios" / "stock-room.yaml").read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
            text = text.replace(old, new)
        path = tmp_path / "stock-room.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return edit
