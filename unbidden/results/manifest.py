"""What a run folder says about itself."""

import json
from pathlib import Path

from pydantic import JsonValue, ValidationError

from unbidden.errors import ResultsError
from unbidden.reading import Frozen
from unbidden.results.whole import whole

MANIFEST = "manifest.json"

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

    id: str
    title: str
    version: str
    behaviours: list[str]
    samples: list[PlannedSample]


class Manifest(Frozen):
    """Everything that decides a run's numbers, apart from the models' answers.

    `system_prompt` is the template in place of the scenarios' own; `limits` those of the eval, `None` where that is not known.
    """

    name: str
    title: str
    question: str
    digest: str
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
    wanted: list[str]
    primary: list[str] = []
    scenarios: list[PlannedScenario]

    def scripted(self) -> bool:
        """Whether any of its models is a scripted reference subject."""
        return any(model.startswith("unbidden/") for model in self.models)


def read_manifest(folder: Path) -> Manifest:
    """Raises `ResultsError` if the folder is no run folder or cannot be read."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise ResultsError(
            f"there is no folder {folder}", fix="Give a run folder, as named at the end of 'unbidden run'"
        )
    try:
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


def write_manifest(folder: Path, manifest: Manifest) -> None:
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
    with whole(folder / MANIFEST) as part:
        part.write_text(text + "\n", encoding="utf-8")
