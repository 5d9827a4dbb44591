"""What a gate's folder says of itself: the rules it was begun with, and in what chunks its blocks are played."""

import json
from pathlib import Path

from pydantic import ValidationError

from unbidden.errors import BadInputError, ResultsError
from unbidden.gating.spec import Gate
from unbidden.reading import Frozen

RECORD = "gate.json"

Chunk = tuple[int, int]
"""The first and the last of the blocks that are played at once, as one task a scenario: what is left of them must be, too."""


class Record(Frozen):
    """The rules, the saved baseline if there is one, and the chunks that were begun, in their order."""

    gate: Gate
    baseline: str | None = None
    chunks: list[Chunk] = []

    def same_rules(self, other: "Record") -> bool:
        """Whether another gate has the same rules; for how many blocks it may take does not matter."""
        mine = self.gate.model_copy(update={"blocks": other.gate.blocks})
        return (mine, self.baseline) == (other.gate, other.baseline)

    def beginning(self, chunk: Chunk) -> "Record":
        """With one more chunk, unless it was begun before."""
        if chunk in self.chunks:
            return self
        return self.model_copy(update={"chunks": [*self.chunks, chunk]})

    def to_play(self, most: int, at_once: int) -> list[Chunk]:
        """The chunks that were begun, and then as many new ones as it takes to `most` blocks."""
        first = self.chunks[-1][1] + 1 if self.chunks else 1
        new = [(block, min(block + at_once - 1, most)) for block in range(first, most + 1, at_once)]
        return [*self.chunks, *new]


def read_record(folder: Path) -> Record | None:
    """What a gate's folder says; `None` if the gate has not begun.

    Raises:
        ResultsError: It cannot be read.
    """
    path = folder / RECORD
    try:
        return Record.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as problem:
        raise ResultsError(
            f"does not say what the gate's rules were ({problem})",
            where=str(path),
            fix="Use --new to begin afresh",
        ) from None


def write_record(folder: Path, record: Record) -> None:
    """Write it down; raises `BadInputError` if it cannot be written there."""
    path = folder / RECORD
    text = json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as problem:
        raise BadInputError(f"cannot write there ({problem})", where=str(path)) from None
