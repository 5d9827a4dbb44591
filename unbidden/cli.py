"""The command line."""

import sys
from pathlib import Path
from shutil import which
from typing import Annotated

import typer
from rich.console import Console

from unbidden import __version__, content
from unbidden.cli_compare import compare, show
from unbidden.cli_explain import explain
from unbidden.cli_gate import baseline, gate
from unbidden.cli_import import import_command
from unbidden.cli_init import init
from unbidden.cli_judge import Graders, judge
from unbidden.cli_label import label
from unbidden.cli_onset import onset
from unbidden.cli_options import MaxCost, Prices, factors_of, options_of
from unbidden.cli_plan import confirm, plan
from unbidden.cli_redact import redact
from unbidden.cli_scenarios import scenarios
from unbidden.cli_score import score
from unbidden.cli_table import table
from unbidden.errors import BadInputError, UnbiddenError
from unbidden.keys import without_keys
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
app.add_typer(baseline, name="baseline")
app.command()(init)
app.command("import")(import_command)
app.command()(label)
app.command()(plan)
app.command()(gate)
app.command()(score)
app.command()(redact)
app.command()(table)
app.command()(explain)
app.command()(onset)
app.command()(compare)

out, err = console(), Console(stderr=True)


def main() -> None:
    """Run the command line. Bad input ends with one message and exit code 2, our own failures with exit code 1."""
    try:
        app()
    except BadInputError as problem:
        _fail(str(problem), 2)
    except UnbiddenError as problem:
        _fail(str(problem), 1)
    except SystemExit as left:
        if left.code == INTERRUPTED:  # Typer's word for Ctrl-C, which says nothing
            _fail("interrupted; the same command (without --new) goes on where this one stopped", INTERRUPTED)
        raise


INTERRUPTED = 130
"""The exit code after Ctrl-C."""

LONGEST = 5000
"""Characters of a message: it may repeat what stands in a file."""


def _fail(message: str, code: int) -> None:
    err.print(
        f"[bold red]error:[/] {inert(without_keys(message)[:LONGEST])}", highlight=False, soft_wrap=True
    )
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
    system_prompt: Annotated[
        Path | None,
        typer.Option(
            help="A file with a system prompt in place of the scenarios' own; {{ scenario }} in it stands for that one."
        ),
    ] = None,
    grader: Graders = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first samples of each scenario.")] = None,
    max_cost: MaxCost = None,
    prices: Prices = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask, even if the run may cost more than --max-cost.")
    ] = False,
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

    The same command again (without --new) goes on where an interrupted run stopped; with another --model that model joins.
    """
    from unbidden.run import Request  # noqa: PLC0415 - Inspect takes seconds to import
    from unbidden.run import run as play  # noqa: PLC0415
    from unbidden.spec import resolve  # noqa: PLC0415
    from unbidden.system_prompt import read_system_prompt  # noqa: PLC0415

    spec = resolve(
        names, factors_of(factor or []), replicates, graders=grader or [], sandbox=sandbox, agent=agent
    )
    if system_prompt is not None:
        spec = spec.prompted(read_system_prompt(system_prompt))
    options = options_of(inspect or [])
    if prices is not None:
        options["model_cost_config"] = str(prices)
    if max_cost is not None and not yes:
        confirm(spec, model, options.get("model_cost_config"), max_cost, limit)
    outcome = play(Request(spec, model, results, new, limit, max_cost, max_errors, options))
    show([outcome.folder])
    out.print(f"\nRun folder: {inert(str(outcome.folder))}", soft_wrap=True)
    if not outcome.played:
        out.print("Nothing was left to run; --new starts afresh.")
    if outcome.stopped:
        out.print(inert(outcome.stopped), style="yellow")
    if all(name.startswith("unbidden/") for name in model):
        _next_steps(names, outcome.folder)
    if not outcome.complete:
        out.print(
            f"Not every sample ran without an error; the same command{' without --new' if new else ''} plays those again.",
            style="yellow",
        )
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    out.print(__version__)


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


if __name__ == "__main__":
    main()
