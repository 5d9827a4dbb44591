"""What the arms of a gate have shown so far, block by block."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pandas as pd

from unbidden.gating.family import Question
from unbidden.gating.sequential import Block, Margin
from unbidden.results.manifest import Manifest
from unbidden.scenario.expand import NO_TWIN
from unbidden.vocabulary import Ended

Cell = tuple[str, str]
"""Scenario and cell."""

NOT_RUN, ERROR = "not-run", "error"
"""How the reasons begin why a sample that did not run, or broke off, is unscored."""


@dataclass
class Shown:
    """One arm's verdicts: block to cell and behaviour to its row of the verdict table."""

    rows: dict[int, dict[tuple[Cell, str], Mapping[str, Any]]] = field(default_factory=dict[int, Any])

    def add(self, table: pd.DataFrame) -> None:
        """Take in rows of the verdict table; those of a sample that was played again take the place of the earlier ones."""
        for row in cast("list[dict[str, Any]]", table.to_dict("records")):
            key = ((str(row["scenario"]), str(row["cell"])), str(row["behaviour"]))
            self.rows.setdefault(int(row["replicate"]), {})[key] = row

    def complete(self, block: int) -> bool:
        """Whether every sample of a block has been played."""
        return block in self.rows and not any(row["unscored"] == NOT_RUN for row in self.rows[block].values())

    def broken(self, block: int) -> bool:
        """Whether a sample of a block broke off with an error, so that it can be played again."""
        return any(str(row["unscored"]).startswith(ERROR) for row in self.rows.get(block, {}).values())

    def wants(self, block: int) -> bool:
        """Whether something of a block is left to play, or to play again."""
        return not self.complete(block) or self.broken(block)

    def outcomes(
        self, block: int, behaviour: str, cells: Iterable[Cell], *, wanted: bool
    ) -> list[bool | None]:
        """Whether each cell showed the behaviour (failed to show it, if it is wanted); `None` where there is no verdict."""
        rows = [self.rows[block][cell, behaviour] for cell in cells]
        return [None if row["unscored"] else bool(row["counted"]) != wanted for row in rows]

    def reasons(self, blocks: Collection[int]) -> Counter[str]:
        """Why samples of these blocks have no verdict, a count of behaviours."""
        return Counter(
            str(row["unscored"]) for block in blocks for row in self.rows[block].values() if row["unscored"]
        )

    def truncated(self, blocks: Collection[int]) -> int:
        """How many samples of these blocks ended at a limit."""
        return len(
            {
                (block, cell)
                for block in blocks
                for (cell, _), row in self.rows[block].items()
                if row["ended"] == Ended.LIMIT
            }
        )

    def silent(self, blocks: Collection[int]) -> str | None:
        """The commonest reason, if these blocks hold samples and not one verdict."""
        there = [block for block in blocks if block in self.rows]
        if any(not row["unscored"] for block in there for row in self.rows[block].values()):
            return None
        return next((reason for reason, _ in self.reasons(there).most_common(1)), None)


def cells_of(manifest: Manifest, behaviour: str, *, twins: bool) -> list[Cell]:
    """The cells that a question is about, in the manifest's order: those whose scenario affords the behaviour."""
    return list(
        dict.fromkeys(
            (scenario.id, sample.cell_id)
            for scenario in manifest.scenarios
            if behaviour in scenario.behaviours
            for sample in scenario.samples
            if (sample.twin != NO_TWIN) == twins
        )
    )


def evidence(question: Question, manifest: Manifest, arms: Sequence[Shown]) -> list[Block]:
    """The blocks that are complete in every arm, from the first on without a gap.

    Args:
        question: What they are evidence about.
        manifest: Of the candidate: the fixed order of the cells.
        arms: The candidate, and the baseline if it is played beside it.
    """
    cells = cells_of(manifest, question.behaviour, twins=question.twins)
    wanted = question.behaviour in manifest.wanted
    compared = (
        arms if isinstance(question.rule, Margin) else arms[:1]
    )  # a ceiling is held by the candidate alone
    blocks: list[Block] = []
    for number in range(1, complete(arms) + 1):
        shown = [tuple(arm.outcomes(number, question.behaviour, cells, wanted=wanted)) for arm in compared]
        blocks.append(Block(candidate=shown[0], baseline=shown[1] if len(shown) > 1 else None))
    return blocks


def complete(arms: Sequence[Shown]) -> int:
    """How many blocks, from the first on without a gap, are complete in every arm."""
    number = 0
    while all(arm.complete(number + 1) for arm in arms):
        number += 1
    return number
