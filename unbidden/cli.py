"""The command line."""

import json
import sys
from pathlib import Path
from shutil import which
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

from unbidden import __version__, content
from unbidden.cli_judge import Graders, judge
from unbidden.errors import BadInputError, UnbiddenError
from unbidden.terminal import inert
from unbidden.vocabulary import AgentName, SandboxName

app = typer.Typer(
    name="unbidden",
    help="Measure what AI agents do unbidden: run scenarios against models, and compare what they did.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
scenarios = typer.Typer(help="Look at scenarios, check them, write their schemas.", no_args_is_help=True)
app.add_typer(scenarios, name="scenarios")
app.add_typer(judge, name="judge")

out, err = Console(), Console(stderr=True)
if not out.is_terminal:
    out.width = 110  # a file or a pipe has no width to fit


def main() -> None:
    """Run the command line. Bad input ends with one message and exit code 2, our own failures with exit code 1."""
    try:
        app()
    except BadInputError as problem:
        _fail(str(problem), 2)
    except UnbiddenError as problem:
        _fail(str(problem), 1)
    except KeyboardInterrupt:
        _fail("interrupted; the same command goes on where this one stopped", 130)


def _fail(message: str, code: int) -> None:
    err.print(f"[bold red]error:[/] {inert(message)}", highlight=False, soft_wrap=True)
    sys.exit(code)


def _eval_names(incomplete: str) -> list[str]:
    names = [*content.listing("evals"), *content.listing("scenarios")]
    return [name for name in names if name.startswith(incomplete)]


def _scenario_names(incomplete: str) -> list[str]:
    return [name for name in content.listing("scenarios") if name.startswith(incomplete)]


Models = Annotated[
    list[str],
    typer.Option(
        "--model",
        "-m",
        help="A model as Inspect names it: anthropic/<name>, openai/<name>, unbidden/zealot. Repeatable.",
    ),
]


@app.command()
def run(
    names: Annotated[
        list[str], typer.Argument(help="An eval, or one or more scenarios.", autocompletion=_eval_names)
    ],
    model: Models,
    replicates: Annotated[
        int | None, typer.Option(help="How often each cell is run, with entities drawn anew.")
    ] = None,
    factor: Annotated[
        list[str] | None,
        typer.Option(help="Levels of a factor to run: prompt=bold or prompt=neutral,bold. Repeatable."),
    ] = None,
    results: Annotated[Path, typer.Option(help="The folder that run folders are made in.")] = Path("results"),
    new: Annotated[
        bool, typer.Option("--new", help="Start afresh beside a run that is already there.")
    ] = False,
    sandbox: Annotated[
        SandboxName | None,
        typer.Option(help="What the machines of the shell surface are; 'embedded' if an eval does not say."),
    ] = None,
    agent: Annotated[
        AgentName | None,
        typer.Option(
            help="Who runs the loop: the plain one, or an Inspect agent; 'plain' if an eval does not say."
        ),
    ] = None,
    grader: Graders = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first samples of each scenario.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="The most the run may cost, in dollars.")] = None,
    inspect: Annotated[
        list[str] | None,
        typer.Option(help="Any other option of Inspect's eval_set: temperature=0.7. Repeatable."),
    ] = None,
) -> None:
    """Run an eval or scenarios against models, and print the side-by-side table.

    The same command again goes on where an interrupted run stopped; with another --model that model joins.
    """
    from unbidden.run import Request  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.run import run as play  # noqa: PLC0415
    from unbidden.spec import resolve  # noqa: PLC0415

    spec = resolve(
        names, _factors(factor or []), replicates, graders=grader or [], sandbox=sandbox, agent=agent
    )
    options = {name: _value(name, value) for name, value in _pairs(inspect or [], "--inspect")}
    outcome = play(Request(spec, model, results, new, limit, max_cost, options))
    _show([outcome.folder], None)
    out.print(f"\nRun folder: {inert(str(outcome.folder))}", soft_wrap=True)
    if not outcome.played:
        out.print("Nothing was left to run; --new starts afresh.")
    if outcome.stopped:
        out.print(inert(outcome.stopped), style="yellow")
    if all(name.startswith("unbidden/") for name in model):
        _next_steps(names, outcome.folder)
    if not outcome.complete:
        out.print(
            "Not every sample ran without an error; the same command plays those again.", style="yellow"
        )
        raise typer.Exit(1)


@app.command()
def compare(
    folders: Annotated[list[Path], typer.Argument(help="Run folders, as named at the end of a run.")],
    by: Annotated[str | None, typer.Option(help="Split every line by a factor, or by any column.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Put the subjects of one or more runs side by side."""
    _show(folders, by, as_json=as_json)


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
    levels = {key: values[:1] for key, values in _factors(factor or []).items()}
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


@app.command()
def version() -> None:
    """Print the version."""
    out.print(__version__)


def _show(folders: list[Path], by: str | None, *, as_json: bool = False) -> None:
    from unbidden.results.compare import compare as compared  # noqa: PLC0415
    from unbidden.results.report import rendered  # noqa: PLC0415

    comparison = compared(folders, by)
    if as_json:
        sys.stdout.write(json.dumps(comparison.as_json(), indent=1) + "\n")
    else:
        out.print(rendered(comparison))


def _next_steps(names: list[str], folder: Path) -> None:
    commands = [
        f"unbidden run {' '.join(names)} --model anthropic/<name> --model openai/<name>",
        f"unbidden compare {folder} --by prompt",
        f"inspect view --log-dir {folder / 'logs'}",
    ]
    real, split, read = (f"  {_bin()}{inert(command)}" for command in commands)
    out.print("\nNext, with a real model (set ANTHROPIC_API_KEY or OPENAI_API_KEY first):")
    out.print(real, soft_wrap=True, highlight=False)
    out.print("Split the table by a factor, or read the transcripts:")
    out.print(split, soft_wrap=True, highlight=False)
    out.print(read, soft_wrap=True, highlight=False)


def _bin() -> str:
    """The folder of this command, where the shell would not find it by its name."""
    here = Path(sys.argv[0]).parent
    return (
        ""
        if which("unbidden")
        else f"{here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here}/"
    )


def _value(name: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise BadInputError(f"--inspect {name}={text} is not valid YAML ({problem})") from None


def _factors(given: list[str]) -> dict[str, list[str]]:
    return {name: value.split(",") for name, value in _pairs(given, "--factor")}


def _pairs(given: list[str], option: str) -> list[tuple[str, Any]]:
    pairs = [entry.partition("=") for entry in given]
    for entry, (name, equals, value) in zip(given, pairs, strict=True):
        if not (name and equals and value):
            raise BadInputError(f"{option} {entry} is not of the form name=value")
    return [(name, value) for name, _, value in pairs]


if __name__ == "__main__":
    main()
