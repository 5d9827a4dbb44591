"""The command that plans a run, and the question before one that may cost more than it may."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from unbidden.cli_judge import Graders
from unbidden.cli_options import Prices, factors_of
from unbidden.terminal import console
from unbidden.vocabulary import AgentName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unbidden.spec import Spec


def plan(
    names: Annotated[list[str], typer.Argument(help="An eval, or one or more scenarios.")],
    model: Annotated[
        list[str], typer.Option("--model", "-m", help="A model as Inspect names it. Repeatable.")
    ],
    width: Annotated[
        float | None,
        typer.Option(help="The most the 95 % interval of a rate may measure from end to end: 0.1 is ±0.05."),
    ] = None,
    detect: Annotated[
        float | None, typer.Option(help="The difference between two models' rates that is to be found.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="The rate that is expected; the least favourable if left out.")
    ] = None,
    power: Annotated[float, typer.Option(help="How probably the difference is to be found.")] = 0.8,
    replicates: Annotated[
        int | None, typer.Option(min=1, help="Plan for so many, whatever is wanted.")
    ] = None,
    factor: Annotated[
        list[str] | None, typer.Option(help="Levels of a factor to run: prompt=bold. Repeatable.")
    ] = None,
    agent: Annotated[AgentName | None, typer.Option(help="Who runs the loop.")] = None,
    grader: Graders = None,
    pilot: Annotated[
        Path | None,
        typer.Option("--from", help="A run folder to measure by: what samples took there, they will take."),
    ] = None,
    prices: Prices = None,
    max_cost: Annotated[
        float | None, typer.Option(help="A budget in dollars to hold the plan against.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Say how many replicates, calls, tokens and dollars a run takes, before any model is called.

    Give --width or --detect, and get the replicates for it; give neither, and see what the eval's own replicates reach.
    """
    from unbidden.plan.build import plan as planned  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.plan.pilot import read_pilot  # noqa: PLC0415
    from unbidden.plan.precision import Wanted  # noqa: PLC0415
    from unbidden.plan.report import as_json as data  # noqa: PLC0415
    from unbidden.plan.report import rendered  # noqa: PLC0415
    from unbidden.prices import give_prices, prices_from  # noqa: PLC0415
    from unbidden.spec import resolve  # noqa: PLC0415

    wanted = Wanted(width=width, difference=detect, rate=rate, power=power)
    if prices is not None:
        give_prices(prices_from(prices))
    spec = resolve(names, factors_of(factor or []), None, graders=grader or [], agent=agent)
    found = planned(spec, model, wanted, replicates, read_pilot(pilot) if pilot is not None else None)
    if as_json:
        sys.stdout.write(json.dumps(data(found, max_cost), indent=1) + "\n")
    else:
        console().print(rendered(found, max_cost))


def confirm(
    spec: "Spec", models: "Sequence[str]", prices: object, max_cost: float, limit: int | None
) -> None:
    """Ask before a run that may cost more than its budget. Without somebody to ask, the budget alone is kept.

    Args:
        spec: What is to be run.
        models: The subjects.
        prices: As Inspect's model_cost_config takes them, if there are any.
        max_cost: The budget in dollars.
        limit: How many samples of each scenario are run, if not all.

    Raises:
        typer.Abort: The answer is no.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    from unbidden.budget import question  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.plan.build import plan as planned  # noqa: PLC0415
    from unbidden.plan.precision import Wanted  # noqa: PLC0415
    from unbidden.prices import give_prices, price_of, prices_from  # noqa: PLC0415

    give_prices(prices_from(prices or {}))
    if any(price_of(model) is None for model in (*models, *spec.graders)):
        return  # the run refuses the budget
    with Console(stderr=True).status("Planning what this may cost (--yes does without) ..."):
        asked = question(planned(spec, models, Wanted(), limit=limit).cost, max_cost)
    if asked is not None:
        typer.confirm(asked, abort=True, err=True)
