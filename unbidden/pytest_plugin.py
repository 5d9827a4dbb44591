"""The pytest plugin: `*.gate.yaml` files are tests, and the fixture `unbidden` has `gate` for tests of your own.

pytest loads it in every run of every project that has the package installed, so it imports nothing that takes time.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from unbidden.errors import UnbiddenError

if TYPE_CHECKING:
    from unbidden.gate.ask import Asked
    from unbidden.gate.play import Outcome

UNDECIDED = "unbidden_undecided"
"""The ini option that says what a test is whose gate is undecided."""

RESULTS = "unbidden_results"
"""The ini option that says where gate folders are made."""

_CHOICES = ("xfail", "fail", "skip")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(UNDECIDED, "What an undecided gate is: xfail, fail or skip.", default="xfail")
    parser.addini(
        RESULTS, "The folder that gate folders are made in, relative to the root.", default="results"
    )


def pytest_configure(config: pytest.Config) -> None:
    chosen = config.getini(UNDECIDED)
    if chosen not in _CHOICES:
        raise pytest.UsageError(f"{UNDECIDED} = {chosen} is none of {', '.join(_CHOICES)}")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.name.endswith((".gate.yaml", ".gate.yml")):
        made: GateFile = GateFile.from_parent(parent, path=file_path)  # pyright: ignore[reportUnknownMemberType] - pytest's
        return made
    return None


class GateFile(pytest.File):
    """A gate file, which is one test."""

    def collect(self) -> "list[GateItem]":
        name = self.path.name.rsplit(".", 2)[0]
        item: GateItem = GateItem.from_parent(self, name=name)  # pyright: ignore[reportUnknownMemberType] - pytest's
        return [item]


class GateItem(pytest.Item):
    """The test that a gate file is: every subject it names passes."""

    def runtest(self) -> None:
        for outcome in Gates(self.config, self).gate_file(self.path):
            self.add_report_section("call", "gate", str(outcome.folder))

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"gate: {self.name}"


@pytest.fixture
def unbidden(request: pytest.FixtureRequest) -> "Gates":
    """Gates for a test: `unbidden.gate("first-look", model="anthropic/<name>", system_prompt=Path("prompt.txt"))`."""
    return Gates(request.config, request.node)


class Gates:
    """Holds subjects to gates, and makes what they say the outcome of a test."""

    def __init__(self, config: pytest.Config, item: pytest.Item) -> None:
        self._config, self._item = config, item

    def gate(
        self,
        name: str | Path | Sequence[str],
        *,
        model: str | Sequence[str] = (),
        system_prompt: Path | str | None = None,
        against: Path | str | None = None,
        baseline: str | None = None,
        across_models: bool = False,
        blocks: int | None = None,
        at_once: int | None = None,
        max_cost: float | None = None,
        factors: Mapping[str, Sequence[str]] | None = None,
        graders: Sequence[str] = (),
        fresh: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> "list[Outcome]":
        """Hold each subject to a gate; what every one of them came to, if all pass.

        A gate that is undecided makes the test what the ini option `unbidden_undecided` says; the next run of the test goes on from
        there, with the samples that are played.

        Args:
            name: An eval that has a gate, or a gate file; by name or path.
            model: One subject or more, as Inspect names them; those of the gate file if none.
            system_prompt: The candidate's, as a text or a file; the scenario's own if `None`.
            against: The system prompt to compare with, played beside it; `"scenario"` for the scenario's own.
            baseline: A saved baseline to compare with instead.
            across_models: The baseline is of another model, on purpose.
            blocks: The most blocks to play; as the gate says if `None`.
            at_once: How many blocks to play at a time.
            max_cost: The most that each subject may cost, in dollars.
            factors: Factor to levels.
            graders: The models that answer what rules cannot settle; the lexicon does if there are none.
            fresh: Whether to start afresh beside a gate that is there.
            options: Any other options of Inspect's `eval_set`.
        """
        from unbidden.gate.ask import Asked  # noqa: PLC0415 - Inspect takes seconds to import

        asked = Asked(
            models=[model] if isinstance(model, str) else list(model),
            system_prompt=system_prompt,
            against=against,
            baseline=baseline,
            across_models=across_models,
            blocks=blocks,
            at_once=at_once,
            fresh=fresh,
            max_cost=max_cost,
            factors=factors or {},
            graders=graders,
            options=options or {},
            results=self._results(),
        )
        names = [str(name)] if isinstance(name, str | Path) else list(name)
        return self._held(names, asked)

    def gate_file(self, path: Path) -> "list[Outcome]":
        """Hold the subjects of a gate file to it."""
        from unbidden.gate.ask import Asked  # noqa: PLC0415 - Inspect takes seconds to import

        return self._held([str(path)], Asked(results=self._results()))

    def _held(self, names: Sequence[str], asked: "Asked") -> "list[Outcome]":
        from unbidden.gate.ask import requests  # noqa: PLC0415 - Inspect takes seconds to import
        from unbidden.gate.play import gate  # noqa: PLC0415

        outcomes: list[Outcome] = []
        told: str | None = None
        try:
            outcomes += [gate(request) for request in requests(names, asked)]
        except UnbiddenError as problem:
            told = _printable(str(problem))
        if told is not None:  # out here: pytest prints what a failure came of, too, and as it stands
            pytest.fail(told, pytrace=False)
        for outcome in outcomes:
            self._item.user_properties.append(("unbidden_gate", f"{outcome.state} {outcome.folder}"))
        self._say(outcomes)
        return outcomes

    def _say(self, outcomes: "Sequence[Outcome]") -> None:
        for state in ("fail", "undecided"):
            told = "\n".join(_told(outcome) for outcome in outcomes if outcome.state == state)
            if told:
                _end(state, told, self._config.getini(UNDECIDED))

    def _results(self) -> Path:
        return self._config.rootpath / self._config.getini(RESULTS)


def _told(outcome: "Outcome") -> str:
    from unbidden.gate.report import lines  # noqa: PLC0415 - Inspect takes seconds to import

    return _printable(
        "\n".join([f"{outcome.request.model} at {outcome.request.candidate.name}", *lines(outcome)])
    )


_LONGEST = 20_000
"""Characters that are shown of one message."""


def _printable(text: str) -> str:
    """Text of gate files, scenarios and providers, which pytest prints as it stands."""
    from unbidden.keys import without_keys  # noqa: PLC0415
    from unbidden.terminal import visible  # noqa: PLC0415 - rich takes time to import

    return visible(without_keys(text)[:_LONGEST])


def _end(state: str, told: str, undecided: str) -> None:
    """Make the test what its gate says."""
    if state == "undecided" and undecided == "skip":
        pytest.skip(told)
    if state == "undecided" and undecided == "xfail":
        pytest.xfail(told)  # which --runxfail turns off: then an undecided gate fails, for it has not passed
    pytest.fail(told, pytrace=False)
