"""Everything that was written below a folder, as bytes that can be searched: packed files are unpacked first."""

from pathlib import Path
from zipfile import ZipFile

import inspect_ai.log  # noqa: F401 - teaches zipfile the compression of Inspect's logs
import pandas as pd


def all_bytes(folder: Path) -> dict[str, bytes]:
    """Name to content; the members of a log, the cells of a table and every file's own name are there, too."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        found[f"{name} (its name)"] = name.encode()
        if not path.is_file():
            continue
        found[name] = path.read_bytes()
        if path.suffix == ".eval":
            with ZipFile(path) as log:
                found |= {f"{name}!{member.filename}": log.read(member) for member in log.infolist()}
        if path.suffix == ".parquet":
            found[f"{name} (its cells)"] = pd.read_parquet(path).to_csv().encode()
    return found


def holding(found: dict[str, bytes], *words: str) -> list[str]:
    """Where any of some words stands, as it is or as JSON writes it."""
    wanted = [form for word in words for form in {word.encode(), word.encode("unicode_escape")}]
    return [name for name, content in found.items() if any(form in content for form in wanted)]
