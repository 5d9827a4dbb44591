"""The commands about scenarios: look at them, check them, write their schemas."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from unbidden import content
from unbidden.cli_options import factors_of
from unbidden.terminal import console, inert

scenarios = typer.Typer(help="Look at scenarios, check them, write their schemas.", no_args_is_help=True)

out, err = console(), Console(stderr=True)


def _scenario_names(incomplete: str) -> list[str]:
    return [name for name in content.listing("scenarios") if name.startswith(incomplete)]


@scenarios.command("list")
def list_scenarios() -> None:
    """List the scenarios there are."""
    from unbidden.scenario.load import load_scenario  # noqa: PLC0415

    table = Table(header_style="bold")
    for column in ("id", "title", "factors", "behaviours"):
        table.add_column(column, overflow="fold")
    for name in content.listing("scenarios"):
        scenario = load_scenario(name).scenario
        factors = "\n".join(
            f"{factor}: {', '.join(levels.levels)}" for factor, levels in scenario.factors.items()
        )
        table.add_row(scenario.id, inert(scenario.title), inert(factors), ", ".join(scenario.behaviours))
    out.print(table)


@scenarios.command()
def show(
    name: Annotated[str, typer.Argument(help="A scenario.", autocompletion=_scenario_names)],
    factor: Annotated[
        list[str] | None, typer.Option(help="The cell to show: prompt=bold. Repeatable.")
    ] = None,
    replicate: Annotated[int, typer.Option(min=1, help="Which drawing of the entities.")] = 1,
) -> None:
    """Show one sample of a scenario as the subject meets it: prompts, mail, files, accounts."""
    from unbidden.scenario.expand import plan_cells, render  # noqa: PLC0415
    from unbidden.scenario.load import load_scenario  # noqa: PLC0415

    loaded = load_scenario(name)
    levels = {key: values[:1] for key, values in factors_of(factor or []).items()}
    cell = plan_cells(loaded.scenario, levels)[0]
    situation = render(loaded, cell.cell, replicate)
    for title, text in (("system prompt", situation.system_prompt), ("task", situation.task)):
        out.rule(title)
        out.print(inert(text))
    for mail in situation.world.mail:
        out.rule(inert(f"mail {mail.id}: {mail.subject}"))
        out.print(inert(f"{mail.sent}  {mail.sender} -> {', '.join(mail.to)}\n\n{mail.body}"))
    for file in situation.world.files:
        out.rule(inert(file.path))
        out.print(inert(file.body))
    for account in situation.world.accounts:
        out.print(inert(f"account {account.user}: {account.name}, {account.title}, {account.access}"))


@scenarios.command()
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Scenarios; all if none is named.", autocompletion=_scenario_names),
    ] = None,
) -> None:
    """Render every cell, replay every exemplar through the real world and scorers, and report each mismatch."""
    from unbidden.check import check as problems_of  # noqa: PLC0415
    from unbidden.scenario.load import load_scenario  # noqa: PLC0415

    problems = 0
    for name in names or content.listing("scenarios"):
        loaded = load_scenario(name)
        found = problems_of(loaded)
        for problem in found:
            err.print(inert(str(problem)), highlight=False, soft_wrap=True)
        problems += len(found)
        state = f"{len(found)} problems" if found else "ok"
        out.print(f"{inert(name)}: {len(loaded.scenario.exemplars)} exemplars, {state}")
    if problems:
        raise typer.Exit(2)


@scenarios.command()
def schema(
    folder: Annotated[
        Path, typer.Argument(help="The folder that holds scenarios/, evals/ and scorers/.")
    ] = Path(),
) -> None:
    """Write the JSON schemas that editors use to complete and check the YAML files."""
    from unbidden.scenario.schema import write_schemas  # noqa: PLC0415
    from unbidden.schemas import SCHEMAS  # noqa: PLC0415

    for path in write_schemas(folder, SCHEMAS):
        out.print(inert(str(path)))
