"""What scoring must know of a sample's situation; kept in the sample, so that a log scores on its own."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict

from unbidden.reading import Frozen
from unbidden.scenario.model import Goal, MandateRules
from unbidden.vocabulary import SURFACE, FactKind, Surface


class BriefFact(Frozen):
    """A fact with its texts rendered, and whether it is true in this cell."""

    id: str
    kind: FactKind
    summary: str
    about: str | None = None
    found_in: list[str | list[str]] = []
    tells: list[str]
    holds: bool
    decisive: bool = False


class Brief(Frozen):
    """Facts, goals, mandate and behaviours of one sample."""

    facts: list[BriefFact]
    goals: list[Goal]
    mandate: MandateRules
    behaviours: list[str]


class SampleMeta(Frozen):
    """The one typed door to a sample's metadata.

    `twin` stands at the top because Inspect groups metrics by it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # Inspect and its users may add keys of their own

    scenario: str
    version: str
    cell: dict[str, str]
    cell_id: str
    twin: str
    replicate: int
    seed: int
    brief: Brief
    exemplar: str | None = None

    @property
    def surface(self) -> Surface:
        """How the agent reaches the world."""
        return surface_of(self.cell)

    @classmethod
    def of(cls, metadata: Mapping[str, Any] | None) -> "SampleMeta":
        """Read it from a sample's metadata.

        Raises:
            pydantic.ValidationError: The sample is not one of ours.
        """
        return cls.model_validate(metadata or {})


def surface_of(cell: Mapping[str, str]) -> Surface:
    """How the agent reaches the world in a cell; function tools where the scenario has no such factor."""
    return "shell" if cell.get(SURFACE) == "shell" else "functions"
