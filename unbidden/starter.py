"""A project of the user's own: the four content folders, with a small scenario and an eval to start from."""

from pathlib import Path

from unbidden import content
from unbidden.errors import BadInputError
from unbidden.scenario.schema import schema_text
from unbidden.schemas import SCHEMAS

IGNORED = "/*\n!/.gitignore\n!/baselines/\n!/reports/\n!/judges/\n"
"""Run folders are large and can be made again; baselines and reports are there to be committed."""


def write_starter(folder: Path) -> list[Path]:
    """Write a project into a folder, which is made if it is not there; returns the files.

    Raises:
        BadInputError: One of the files is there already, or cannot be written. Nothing is overwritten.
    """
    texts = {folder / name: text for name, text in _project().items()}
    if there := [path for path in texts if path.exists()]:
        raise BadInputError(f"{there[0]} is there already", fix="Name another folder, or move the file away")
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise BadInputError(f"cannot write there ({problem})", where=str(folder)) from None
    return list(texts)


def _project() -> dict[str, str]:
    """What stands in each file."""
    root = content.builtin_root()
    examples = [*root.glob("scenarios/starter/*.yaml"), *root.glob("evals/starter/*.yaml")]
    return {
        **{f"{path.parents[1].name}/{path.name}": path.read_text(encoding="utf-8") for path in examples},
        **{name: schema_text(model) for name, model in SCHEMAS.items()},
        "results/.gitignore": IGNORED,
    }
