"""The command that brings in runs made elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from unbidden.terminal import console, inert


def import_command(
    mapping: Annotated[Path, typer.Argument(help="The YAML file that maps the runs' tools to acts.")],
    sources: Annotated[
        list[Path], typer.Argument(help="Inspect logs, Petri audit logs or stored answers; files or folders.")
    ],
    results: Annotated[Path, typer.Option(help="The folder that run folders are made in.")] = Path("results"),
) -> None:
    """Bring in runs made elsewhere as read-only results, scored by our ladders; no model is called."""
    from unbidden.importing.folder import import_runs  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.results.compare import compare  # noqa: PLC0415
    from unbidden.results.report import rendered  # noqa: PLC0415

    imported = import_runs(mapping, sources, results)
    out = console()
    out.print(rendered(compare([imported.folder])))
    left = sum(imported.left.values())
    out.print(f"\n{imported.samples} samples, {left} of them unscored.")
    for reason, count in sorted(imported.left.items()):
        out.print(inert(f"  {reason}: {count}"), style="yellow", soft_wrap=True)
    for tool, count in sorted(imported.unmapped.items()):
        out.print(
            inert(f"The tool '{tool}' is not in the mapping: {count} calls. Map it, or list it as 'ignore'."),
            style="yellow",
            soft_wrap=True,
        )
    for note in imported.notes:
        out.print(inert(note), style="dim", soft_wrap=True)
    out.print(f"Run folder: {inert(str(imported.folder))}", soft_wrap=True)
