"""A comparison as Markdown, as CSV, and as a few lines for a pull request."""

import csv
import html
import io
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from unbidden.intervals import LEVEL
from unbidden.results.compare import Comparison
from unbidden.results.contrasts import Contrast
from unbidden.results.lines import Line
from unbidden.results.report import SCRIPTED, notes, reasons, shown_rate
from unbidden.results.report_differences import (
    NOTHING,
    detectable,
    difference_notes,
    general,
    general_notes,
    named,
    p_value,
    points,
    standing,
)
from unbidden.terminal import spreadsheet_safe, visible

Cell = str | int | float | bool | None


def markdown(comparison: Comparison, *, exact: bool = False) -> str:
    """The tables as GitHub's Markdown; what subjects and scenarios say in it is plain text, never markup."""
    parts = [*_heading(comparison), "", *_rates(comparison, exact=exact), ""]
    parts += [f"{_text(note)}\n" for note in [*notes(comparison, exact=exact), *reasons(comparison)]]
    if comparison.contrasts:
        parts += [*_contrasts(comparison), ""]
    if comparison.contrasts is not None:
        parts += [f"{_text(note)}\n" for note in difference_notes(comparison)]
    if comparison.general is not None:
        if any(line.effect for line in comparison.general):
            rows = [
                [line.behaviour, named(line), str(line.scenarios), general(line)]
                for line in comparison.general
                if line.effect
            ]
            parts += [*_table(["behaviour", "over scenarios", "scenarios", "mean"], rows), ""]
        parts += [f"{_text(note)}\n" for note in general_notes(comparison.general)]
    parts += [f"{_text(remark)}.\n" for remark in _remarks(comparison)]
    return "\n".join(parts).rstrip() + "\n"


def pull_request(comparison: Comparison) -> str:
    """A line for each behaviour and pair, or each behaviour and subject where no pairs were compared.

    The arrow says that an increase or a decrease is shown: by Holm's p-value for a primary behaviour, by its own for others.
    """
    parts = _heading(comparison)
    if comparison.contrasts:
        for contrast in comparison.contrasts:
            parts.append(f"- {_line(contrast)}")
    else:
        parts += [
            f"- `{_code(line.behaviour)}` {_text(_whose(line))}: {_text(shown_rate(line.overall))}"
            for line in comparison.lines
        ]
    unscored = sum(line.unscored for line in comparison.lines)
    truncated = sum(line.truncated for line in comparison.lines)
    parts += [
        "",
        f"{unscored} verdicts unscored, {truncated} samples cut off at a limit; conditional on the named scenarios.",
    ]
    if comparison.contrasts and not any(contrast.primary for contrast in comparison.contrasts):
        parts.append("Exploratory: no behaviour was declared primary before the run.")
    parts += [f"{_text(remark)}." for remark in _remarks(comparison)]
    return "\n".join(parts) + "\n"


def table_csv(comparison: Comparison) -> str:
    """The differences if pairs were compared, otherwise the rates: numbers as numbers from 0 to 1, texts that no spreadsheet computes."""
    rows = [_difference_row(contrast) for contrast in comparison.contrasts or []]
    if comparison.contrasts is None:
        rows = [_rate_row(line) for line in comparison.lines]
    out = io.StringIO()
    if rows:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return out.getvalue()


def _cell(value: Cell) -> Cell:
    return spreadsheet_safe(value) if isinstance(value, str) else value


def _rate_row(line: Line) -> dict[str, Cell]:
    row: dict[str, Cell] = {"behaviour": line.behaviour, "subject": line.subject, "group": line.group}
    for name, rate in (("all", line.overall), ("exposed", line.exposed), ("tried", line.attempted)):
        row |= {f"{name}_hits": rate.hits, f"{name}_n": rate.n, f"{name}_rate": rate.value}
        row |= {f"{name}_low": rate.low, f"{name}_high": rate.high}
        guaranteed = rate.guaranteed()
        row |= {f"{name}_exact_low": guaranteed.low, f"{name}_exact_high": guaranteed.high}
    row |= {"unscored": line.unscored, "truncated": line.truncated}
    row |= {"best": line.bounds and line.bounds.best, "worst": line.bounds and line.bounds.worst}
    misfires = [f"{removes} {rate.hits}/{rate.n}" for removes, rate in line.misfires.items()]
    return row | {"misfires": "; ".join(misfires)}


def _difference_row(contrast: Contrast) -> dict[str, Cell]:
    effect = contrast.effect
    row: dict[str, Cell] = {
        name: getattr(contrast, name) for name in ("behaviour", "subject", "reference", "group")
    }
    row |= {
        name: getattr(contrast, name) for name in ("hits", "n", "other_hits", "other_n", "strata", "left_out")
    }
    row |= {
        "difference": effect and effect.value,
        "low": effect and effect.low,
        "high": effect and effect.high,
    }
    return row | {
        name: getattr(contrast, name) for name in ("p", "primary", "adjusted", "detectable", "below")
    }


def _heading(comparison: Comparison) -> list[str]:
    parts = [f"**{SCRIPTED}**\n"] if any(run.scripted() for run in comparison.runs) else []
    for run in comparison.runs:
        scenarios = ", ".join(scenario.id for scenario in run.scenarios)
        parts.append(
            f"**{_text(run.title)}** ({_text(run.name)}-{run.digest}); {_text(scenarios)}; decider: {_text(run.decider)}\n"
        )
    if not comparison.lines:
        parts.append("There are no samples: nothing has run, so there is nothing to show.\n")
    return parts


def _rates(comparison: Comparison, *, exact: bool) -> Iterator[str]:
    if not comparison.lines:
        return
    by = [comparison.by] if comparison.by else []
    rows = [
        [
            line.behaviour,
            line.subject,
            *([line.group] if comparison.by else []),
            shown_rate(line.overall, exact=exact),
            f"{100 * line.bounds.best:.0f}%..{100 * line.bounds.worst:.0f}%" if line.bounds else "-",
            f"{line.exposed.hits}/{line.exposed.n}",
            f"{line.attempted.hits}/{line.attempted.n}",
            ", ".join(f"{removes} {rate.hits}/{rate.n}" for removes, rate in line.misfires.items()) or "-",
            str(line.unscored),
            str(line.truncated),
        ]
        for line in comparison.lines
    ]
    names = [
        "behaviour",
        "subject",
        *by,
        "all",
        "bounds",
        "exposed",
        "tried",
        "misfire in twins without",
        "unscored",
        "truncated",
    ]
    yield from _table(names, rows)


def _contrasts(comparison: Comparison) -> Iterator[str]:
    rows = [
        [
            contrast.behaviour + (f" ({contrast.group})" if contrast.group else ""),
            f"{contrast.subject} - {contrast.reference}",
            f"{contrast.hits}/{contrast.n}",
            f"{contrast.other_hits}/{contrast.other_n}",
            points(contrast.effect) if contrast.effect else NOTHING,
            p_value(contrast.p),
            standing(contrast) if contrast.effect else "-",
            detectable(contrast) if contrast.effect else "-",
        ]
        for contrast in comparison.contrasts or []
    ]
    yield from _table(
        [
            "behaviour",
            "subject - reference",
            "subject",
            "reference",
            "difference",
            "p",
            "adjusted",
            "detectable",
        ],
        rows,
    )


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (names, ["---"] * len(names), *rows):
        yield "| " + " | ".join("---" if cell == "---" else _text(cell) for cell in row) + " |"


def _line(contrast: Contrast) -> str:
    where = f"`{_code(contrast.behaviour)}`" + (f" ({_text(contrast.group)})" if contrast.group else "")
    who = f"{_text(contrast.subject)} against {_text(contrast.reference)}"
    if contrast.effect is None:
        return f"{where} ? {who}: {NOTHING}"
    p = contrast.adjusted if contrast.primary else contrast.p
    shown = p is not None and p <= 1 - LEVEL
    arrow = "=" if not shown else "▲" if contrast.effect.value > 0 else "▼"
    counts = f"{contrast.other_hits}/{contrast.other_n} → {contrast.hits}/{contrast.n}"
    kind = "primary, Holm" if contrast.primary else "exploratory"
    margin = {None: "", True: ", below the margin", False: ", not shown to be below the margin"}[
        contrast.below
    ]
    return f"{where} {arrow} {points(contrast.effect)} pts, {counts}, p {p_value(p)} ({kind}){margin}: {who}"


def _whose(line: Line) -> str:
    return f"{line.subject} {line.group}".strip()


def _remarks(comparison: Comparison) -> Iterator[str]:
    for _, remarks in groupby(comparison.remarks):
        yield next(remarks)


_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def _text(text: str) -> str:
    """Text as Markdown that shows the same text: one line, without markup, HTML, links or mentions of its own."""
    line = " ".join(visible(text).split())
    escaped = _MARKUP.sub(r"\\\1", html.escape(line, quote=False).replace("&lt;", "<").replace("&gt;", ">"))
    return (
        re.sub(r"(@)(?=\w)", "\\1\u200b", escaped).replace("://", ":\u200b//").replace("www.", "www\u200b.")
    )


def _code(text: str) -> str:
    return " ".join(visible(text).replace("`", "'").split())
