"""The command about a run folder's tables."""

from pathlib import Path
from typing import Annotated

import typer

from unbidden.terminal import console, inert


def table(
    folders: Annotated[list[Path], typer.Argument(help="Run folders, as named at the end of a run.")],
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the tables anew from the logs.")] = False,
) -> None:
    """Say what the tables of run folders hold and where they are; they are built from the logs where they are missing."""
    from unbidden.results.rows import TABLES, read_verdicts, write_tables  # noqa: PLC0415 - Inspect takes seconds to import

    out = console()
    for folder in folders:
        found = write_tables(folder) if rebuild else read_verdicts(folder)
        scored = int((found["unscored"] == "").sum())
        out.print(
            inert(f"{folder}: {len(found)} verdicts, {len(found) - scored} of them unscored"), soft_wrap=True
        )
        for name in TABLES:
            if (folder / name).is_file():  # a folder that can only be read has none
                out.print(inert(f"  {folder / name}"), soft_wrap=True)
