"""What people said about samples, kept at once: one line a label, in the run's own folder."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import ValidationError

from unbidden.errors import ResultsError, at
from unbidden.reading import Frozen

Answer = Literal["yes", "no", "unclear"]

Stratum = Literal["counted", "not-counted", "unscored"]
"""What the run's decider made of a sample; `unscored` where it gave no verdict."""


class Key(NamedTuple):
    """Which sample of a run, whatever the behaviour."""

    subject: str
    scenario: str
    sample: str


class Label(Frozen):
    """One person's answer about one sample. `stratum` is the one it was drawn from, never shown to who answers."""

    subject: str
    scenario: str
    sample: str
    stratum: Stratum
    label: Answer
    who: str
    note: str = ""

    def key(self) -> Key:
        return Key(self.subject, self.scenario, self.sample)


def labels_path(folder: Path, behaviour: str) -> Path:
    return folder / "labels" / f"{behaviour}.jsonl"


def keep(path: Path, label: Label) -> None:
    """Append a label, and return only when it is on the disk. What is left of a line that was cut off goes.

    Raises:
        ResultsError: It cannot be written.
    """
    line = json.dumps(label.model_dump(mode="json"), ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("ab+") as file:
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        raise ResultsError(f"a label cannot be kept ({problem})", where=str(path)) from None


def read_labels(path: Path) -> list[Label]:
    """All labels, in the order they were given; none if nobody has given any.

    Raises:
        ResultsError: The file cannot be read, or a whole line of it is no label.
    """
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as problem:
        raise ResultsError(f"cannot be read ({problem})", where=str(path)) from None
    whole = text.split("\n")[:-1]  # a last line without its end was cut off while it was written
    return [_label(line, path, number) for number, line in enumerate(whole, start=1) if line.strip()]


def latest(labels: Iterable[Label]) -> list[Label]:
    """Each person's last word on each sample."""
    return list({(label.who, label.key()): label for label in labels}.values())


def _label(line: str, path: Path, number: int) -> Label:
    try:
        return Label.model_validate_json(line)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ResultsError(
            f"no label: {place} {first['msg']}",
            where=at(path, number),
            fix="Mend the line or delete it: its sample is then asked again",
        ) from None
