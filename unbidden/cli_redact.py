"""The command that makes a run folder fit to be shared."""

from pathlib import Path
from typing import Annotated

import typer

from unbidden.terminal import console, inert


def redact(
    results: Annotated[Path, typer.Argument(help="A run folder, as named at the end of a run.")],
    out_folder: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to make.")],
    prompts: Annotated[
        bool,
        typer.Option(
            "--prompts", help="Leave out the prompts of every scenario, not only of those marked private."
        ),
    ] = False,
    texts: Annotated[
        bool,
        typer.Option(
            "--texts", help="Leave out all texts of messages and acts; the copy cannot be scored again."
        ),
    ] = False,
) -> None:
    """Write a copy of a run folder to share: without reasoning, and without the prompts of private scenarios.

    The tables stay what they are.
    """
    from unbidden.redact import redact as written  # noqa: PLC0415 - Inspect takes seconds to import

    done = written(results, out_folder, prompts=prompts, texts=texts)
    out = console()
    out.print(f"{done.samples} samples without {', '.join(done.left_out)}: {inert(str(done.folder))}")
