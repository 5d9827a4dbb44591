"""The command that puts subjects side by side."""

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unbidden.terminal import console

if TYPE_CHECKING:
    from unbidden.results.compare import Question


class Form(StrEnum):
    """What a comparison is printed as."""

    TABLE = "table"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"
    PR = "pr"


class Within(StrEnum):
    """What samples must share to be compared."""

    REPLICATE = "replicate"
    CELL = "cell"


def compare(
    folders: Annotated[list[Path], typer.Argument(help="Run folders, as named at the end of a run.")],
    by: Annotated[
        str | None,
        typer.Option(help="Split every line by a factor, or by any column: prompt, scenario, aware."),
    ] = None,
    scores: Annotated[
        list[str] | None,
        typer.Option(
            help="A later scoring ('unbidden score') to show; 'as-run' is the run's own. Repeatable."
        ),
    ] = None,
    pairs: Annotated[
        bool,
        typer.Option("--pairs", help="Compare every two subjects; with two runs, each subject with itself."),
    ] = False,
    against: Annotated[
        str | None, typer.Option(help="Compare all with this subject; a part of its name will do.")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="With differences: is each shown to be below this many points?"),
    ] = None,
    within: Annotated[
        Within | None,
        typer.Option(
            help="What compared samples share: the replicate too, or the cell only, as in runs made elsewhere."
        ),
    ] = None,
    generalise: Annotated[
        bool,
        typer.Option("--generalise", help="Say what holds over scenarios like these; from ten scenarios up."),
    ] = False,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Intervals that hold at least 95 % of the time, in place of Wilson's."),
    ] = False,
    form: Annotated[Form, typer.Option("--format", help="What to print.")] = Form.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Put the subjects of one or more runs side by side."""
    from unbidden.results.compare import Question  # noqa: PLC0415 - Inspect takes seconds to import

    question = Question(
        pairs=pairs or margin is not None,
        against=against,
        within=within.value if within else None,
        margin=None if margin is None else margin / 100,
        generalise=generalise,
    )
    show(folders, by, scores or [], question, Form.JSON if as_json else form, exact=exact)


def show(
    folders: list[Path],
    by: str | None = None,
    scores: Sequence[str] = (),
    question: "Question | None" = None,
    form: Form = Form.TABLE,
    *,
    exact: bool = False,
) -> None:
    """Print a comparison."""
    from unbidden.results.compare import compare as compared  # noqa: PLC0415
    from unbidden.results.export import markdown, pull_request, table_csv  # noqa: PLC0415
    from unbidden.results.report import rendered  # noqa: PLC0415

    comparison = compared(folders, by, scores, question)
    match form:
        case Form.TABLE:
            console().print(rendered(comparison, exact=exact))
        case Form.MARKDOWN:
            sys.stdout.write(markdown(comparison, exact=exact))
        case Form.CSV:
            sys.stdout.write(table_csv(comparison))
        case Form.JSON:
            sys.stdout.write(json.dumps(comparison.as_json(), indent=1, allow_nan=False) + "\n")
        case Form.PR:
            sys.stdout.write(pull_request(comparison))
