"""The command line."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from unbidden import __version__, content
from unbidden.cli_import import import_command
from unbidden.cli_judge import Graders, judge
from unbidden.cli_label import label
from unbidden.cli_options import factors_of, pairs
from unbidden.cli_scenarios import scenarios
from unbidden.cli_score import score
from unbidden.errors import BadInputError, UnbiddenError
from unbidden.terminal import console, inert
from unbidden.vocabulary import AgentName, SandboxName

app = typer.Typer(
    name="unbidden",
    help="Measure what AI agents do unbidden: run scenarios against models, and compare what they did.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(scenarios, name="scenarios")
app.add_typer(judge, name="judge")
app.command("import")(import_command)
app.command()(label)
app.command()(score)

out, err = console(), Console(stderr=True)


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
    max_errors: Annotated[
        float,
        typer.Option(help="The share of a model's samples that may fail before it gets no more of them."),
    ] = 0.2,
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
        names, factors_of(factor or []), replicates, graders=grader or [], sandbox=sandbox, agent=agent
    )
    options = {name: _value(name, value) for name, value in pairs(inspect or [], "--inspect")}
    outcome = play(Request(spec, model, results, new, limit, max_cost, options, max_errors=max_errors))
    _show([outcome.folder])
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
    scores: Annotated[
        list[str] | None,
        typer.Option(
            help="A later scoring ('unbidden score') to show; 'as-run' is the run's own. Repeatable."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Put the subjects of one or more runs side by side."""
    _show(folders, by, scores or [], as_json=as_json)


@app.command()
def version() -> None:
    """Print the version."""
    out.print(__version__)


def _show(
    folders: list[Path], by: str | None = None, scores: Sequence[str] = (), *, as_json: bool = False
) -> None:
    from unbidden.results.compare import compare as compared  # noqa: PLC0415
    from unbidden.results.report import rendered  # noqa: PLC0415

    comparison = compared(folders, by, scores)
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


if __name__ == "__main__":
    main()
