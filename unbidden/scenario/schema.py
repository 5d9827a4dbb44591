"""JSON schemas of the content files, generated from the models, for editors that complete and check YAML."""

import json
from pathlib import Path

from unbidden.reading import Frozen


def schema_text(model: type[Frozen]) -> str:
    return json.dumps(model.model_json_schema(by_alias=True), indent=1, ensure_ascii=False) + "\n"


def write_schemas(root: Path, models: dict[str, type[Frozen]]) -> list[Path]:
    """Write each model's schema below a folder; returns the files.

    Args:
        root: The folder that holds the content folders.
        models: Path of the schema file below it, to the model.
    """
    written: list[Path] = []
    for name, model in models.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(schema_text(model), encoding="utf-8")
        written.append(path)
    return written
