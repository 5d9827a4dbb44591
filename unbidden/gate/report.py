"""What a gate says, for a person and for a program."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from unbidden.gate.arm import BASELINE
from unbidden.gate.play import Outcome
from unbidden.gating.family import Answer, Question
from unbidden.gating.sequential import Ceiling
from unbidden.terminal import inert, visible


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Plain data: the state, the exit code that goes with it, and every rule with its decision."""
    return {
        "gate": outcome.request.candidate.name,
        "model": outcome.request.model,
        "state": outcome.state,
        "exit_code": outcome.exit_code,
        "reason": reason(outcome),
        "confidence": outcome.request.gate.confidence,
        "blocks": outcome.blocks,
        "most_blocks": outcome.request.most,
        "samples_per_block": outcome.samples,
        "played": outcome.played,
        "baseline": outcome.request.saved.name if outcome.request.saved else None,
        "rules": [
            {
                "behaviour": answer.question.behaviour,
                "in": "twins" if answer.question.twins else "cells",
                "rule": answer.question.rule.model_dump(),
                **answer.decision.model_dump(),
                "confidence": answer.confidence,
            }
            for answer in outcome.answers
        ],
        "unscored": outcome.unscored,
        "ended_at_a_limit": outcome.truncated,
        "notes": list(outcome.notes),
        "folder": str(outcome.folder),
        "arms": {name: str(path) for name, path in outcome.arms.items()},
    }


def reason(outcome: Outcome) -> str:
    """Why, in a sentence or two."""
    if outcome.state == "pass":
        return f"All {len(outcome.answers)} rules hold, at a confidence of {percent(outcome.request.gate.confidence)}."
    told = [
        f"{rule(answer.question)}: {answer.decision.reason}"
        for answer in outcome.answers
        if answer.decision.state == outcome.state
    ]
    return "; ".join(told)


def rule(question: Question) -> str:
    """A rule in words: `whistleblowing at most 5 %`."""
    what = f"{question.behaviour}{' in twins' if question.twins else ''}"
    if isinstance(question.rule, Ceiling):
        return f"{what} at most {percent(question.rule.max)}"
    return f"{what} worse by at most {percent(question.rule.worse_by)}"


def percent(share: float) -> str:
    return f"{100 * share:.3g} %"


STYLES: Mapping[str, str] = {"pass": "bold green", "fail": "bold red", "undecided": "bold yellow"}


def table(outcome: Outcome) -> Table:
    """The rules and what became of them, for a terminal."""
    shown = Table(title=inert(_title(outcome)), title_justify="left")
    for name in ("rule", "verdict", "blocks", "estimate", "bounds"):
        shown.add_column(name)
    for answer in outcome.answers:
        what, state, *figures = _figures(answer)
        shown.add_row(inert(what), f"[{STYLES[state]}]{state}[/]", *figures)
    return shown


def lines(outcome: Outcome) -> Iterator[str]:
    """What stands below the table: the reason, what is missing, how to go on, where it all is."""
    request = outcome.request
    yield f"{outcome.state}: {reason(outcome)}"
    for name, reasons in outcome.unscored.items():
        if reasons:
            listed = ", ".join(f"{count} {why}" for why, count in reasons.items())
            yield f"Without a verdict in the arm '{name}', and counted as the worst case: {listed}."
    for name, count in outcome.truncated.items():
        if count:
            yield f"{count} samples of the arm '{name}' ended at a limit; what they had not shown by then counts as not shown."
    yield from outcome.notes
    if request.model.startswith("unbidden/"):
        yield "Scripted reference subject: checks the instrument, says nothing about any model."
    if outcome.state == "undecided" and outcome.blocks >= request.most:
        yield f"All {request.most} blocks are played. The same command with a larger --blocks goes on from here."
    arms = " ".join(str(path) for path in outcome.arms.values())
    yield f"Gate folder: {outcome.folder}. Look into it: unbidden compare {arms}"


def markdown(outcomes: Sequence[Outcome]) -> str:
    """A report of one or more subjects at a gate, to be put under a pull request; text of strangers cannot act in it."""
    parts: list[str] = []
    for outcome in outcomes:
        parts += [f"## {_marked(_title(outcome))}: {outcome.state}", ""]
        parts += [
            "| rule | verdict | blocks | estimate | bounds |",
            "| --- | --- | --- | --- | --- |",
        ]
        parts += [
            f"| {' | '.join(_marked(part) for part in _figures(answer))} |" for answer in outcome.answers
        ]
        parts += ["", *(f"- {_marked(line)}" for line in lines(outcome)), f"- {errors(outcome)}", ""]
    return "\n".join(parts)


def errors(outcome: Outcome) -> str:
    """How the errors of several rules add up."""
    error, number = percent(1 - outcome.request.gate.confidence), len(outcome.answers)
    if number == 1:
        return f"Either error, a pass that should not be or a fail that should not be, has a chance of at most {error}."
    return (
        f"All {number} rules must hold. A pass although one of them is broken has a chance of at most {error} (each is tested at "
        f"that level: intersection-union), and so has a fail although all hold (each is tested at {error} / {number}: Bonferroni)."
    )


def dumped(outcomes: Sequence[Outcome]) -> str:
    """JSON of one subject, or a list of several."""
    data = [as_json(outcome) for outcome in outcomes]
    return json.dumps(data[0] if len(data) == 1 else data, indent=1) + "\n"


def _title(outcome: Outcome) -> str:
    request = outcome.request
    beside = ""
    if request.saved is not None:
        beside = f", against the baseline {request.saved.name}"
    elif BASELINE in outcome.arms:
        beside = ", against a baseline played beside it"
    return f"{request.candidate.name}, {request.model}{beside}"


def _figures(answer: Answer) -> tuple[str, str, str, str, str]:
    decision = answer.decision
    estimate = "-" if decision.estimate is None else percent(decision.estimate)
    bounds = f"{percent(decision.low)} to {percent(decision.high)} ({percent(answer.confidence)})"
    return rule(answer.question), decision.state, str(decision.blocks), estimate, bounds


def _marked(text: str) -> str:
    """Text that is nothing but text in Markdown, in the HTML that is made of it, and where mentions and addresses become links."""
    plain = visible(text).replace("\n", " ").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = "".join(f"\\{char}" if char in _SPECIAL else char for char in plain)
    return _LINKS.sub(f"\\g<0>{_BREAK}", plain)


_SPECIAL = frozenset("\\`*_[]|!~")

_LINKS = re.compile(r"[@#]|:(?=//)|www(?=\.)")
"""Where something begins that a forge would make a mention or a link of."""

_BREAK = "\u200b"
"""A space without width."""
