"""The command that says which factors drive a behaviour."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from unbidden.cli_options import pairs
from unbidden.terminal import console


def explain(
    results: Annotated[Path, typer.Argument(help="A run folder, as named at the end of a run.")],
    behaviour: Annotated[
        list[str] | None, typer.Option(help="A behaviour to explain; all if left out. Repeatable.")
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            help="What a factor's levels are held against: prompt=neutral. The first that was run if left out. Repeatable."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Say which factors drive each behaviour, and what would be left to drive it if the strongest were fixed."""
    from unbidden.results.explain import explain as explained  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.results.explain_text import rendered  # noqa: PLC0415

    baselines = {factor: str(level) for factor, level in pairs(baseline or [], "--baseline")}
    explanation = explained(results, behaviour or [], baselines)
    if as_json:
        sys.stdout.write(json.dumps(explanation.as_json(), indent=1, allow_nan=False) + "\n")
    else:
        console().print(rendered(explanation))
