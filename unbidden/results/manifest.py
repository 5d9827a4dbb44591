"""What a run folder says about itself."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, JsonValue, ValidationError

from unbidden.errors import ResultsError
from unbidden.reading import Frozen
from unbidden.results.whole import whole

MANIFEST = "manifest.json"

Redaction = Literal["reasoning", "prompts", "texts"]
"""What a copy of a run was left without."""


def _plain_name(name: str) -> str:
    """What stands for a file somewhere: a manifest from a stranger may not name one elsewhere."""
    if not name.strip(".") or any(mark in name for mark in "/\\\0") or not name.isprintable():
        raise ValueError(f"{name[:80]!r} is no plain name")
    return name


PlainName = Annotated[str, AfterValidator(_plain_name)]

_REWRITE = (
    "Put back a sound copy. Or delete it: 'unbidden run' as before, with all models of the run, writes it anew and plays "
    "nothing again that has finished"
)


class PlannedSample(Frozen):
    """One sample that the run consists of."""

    id: str
    cell: dict[str, str]
    cell_id: str
    twin: str
    replicate: int
    seed: int


class PlannedScenario(Frozen):
    """One scenario of the run."""

    id: PlainName
    title: str
    version: str
    behaviours: list[PlainName]
    private: bool = False
    samples: list[PlannedSample]


class Manifest(Frozen):
    """Everything that decides a run's numbers, apart from the models' answers.

    `system_prompt` is the template in place of the scenarios' own; `limits` those of the eval, `None` where that is not known.
    `ladders` are content hashes by behaviour, `rubrics` those of what the decider goes by, by question.
    """

    name: PlainName
    title: str
    question: str
    digest: PlainName
    unbidden: str
    inspect: str
    decider: str
    sandbox: str = "embedded"
    agent: str = "plain"
    system_prompt: str | None = None
    limits: dict[str, int] | None = None
    models: list[str]
    options: dict[str, JsonValue] = {}
    ladders: dict[str, str]
    rubrics: dict[str, str] = {}
    wanted: list[str]
    primary: list[str] = []
    scenarios: list[PlannedScenario]
    redacted: list[Redaction] = []

    def scripted(self) -> bool:
        """Whether any of its models is a scripted reference subject."""
        return any(model.startswith("unbidden/") for model in self.models)


def read_manifest(folder: Path) -> Manifest:
    """Raises `ResultsError` if the folder is no run folder, cannot be read, or holds links to what is elsewhere."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise ResultsError(
            f"there is no folder {folder}", fix="Give a run folder, as named at the end of 'unbidden run'"
        )
    try:
        _must_hold_no_links(folder)
        return Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResultsError(
            f"{folder} is no run folder: it has no {MANIFEST}", fix="Give a folder that 'unbidden run' made"
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ResultsError(f"cannot be read ({problem})", where=str(path), fix=_REWRITE) from None
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ResultsError(
            f"is not a manifest of this version: {place} {first['msg']}", where=str(path), fix=_REWRITE
        ) from None


def _must_hold_no_links(folder: Path) -> None:
    """A folder from a stranger: what is written into it stays in it, and nothing else is read as if it were of the run."""
    real = folder.resolve()
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(real):
            raise ResultsError(
                "is a link to something elsewhere", where=str(path), fix="Put the file itself there"
            )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
    with whole(folder / MANIFEST) as part:
        part.write_text(text + "\n", encoding="utf-8")


def must_be_whole(folder: Path, manifest: Manifest, *, missing: Sequence[Redaction] = ()) -> None:
    """Raises `ResultsError` if the folder is a copy without something that is needed.

    Args:
        folder: The run folder.
        manifest: What it says about itself.
        missing: What it may not be without; anything if there is none.
    """
    without = [name for name in manifest.redacted if name in missing or not missing]
    if without:
        raise ResultsError(
            f"it is a copy without {' and '.join(without)}",
            where=str(folder),
            fix="Give the run it was made from",
        )
