"""The command that makes a project."""

from pathlib import Path
from typing import Annotated

import typer

from unbidden.terminal import console, inert


def init(
    folder: Annotated[
        Path, typer.Argument(help="The folder to make it in; this one if none is named.")
    ] = Path(),
) -> None:
    """Make a project of your own: scenarios/, evals/, scorers/ and results/, with a small scenario and an eval to start from."""
    from unbidden.starter import write_starter  # noqa: PLC0415 - the models of the schemas take a second to import

    out = console()
    for path in write_starter(folder):
        out.print(inert(str(path)))
    where = "" if folder == Path() else f"cd {folder}\n"
    out.print(inert(f"\nNext:\n{where}{NEXT}"), highlight=False)


NEXT = """\
unbidden scenarios check water-readings     # after each change: plays its exemplars, names what does not fit
unbidden run first --model unbidden/zealot  # a scripted subject, without a key
unbidden run first --model <provider>/<name>"""
