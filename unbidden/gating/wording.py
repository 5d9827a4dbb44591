"""A decision in plain English."""

from typing import Literal, NamedTuple

State = Literal["pass", "fail", "undecided"]


class Facts(NamedTuple):
    """What is told of a decision: rates or differences as fractions, and numbers of blocks, cells and outcomes."""

    state: State
    difference: bool
    bound: float
    estimate: float | None
    low: float
    high: float
    blocks: int
    cells: int
    unscored: int
    later: int


def reason(facts: Facts) -> str:
    """The decision and what it rests on, in one to three sentences."""
    said = [_decision(facts) if facts.blocks or facts.state != "undecided" else "No block is complete yet."]
    if facts.unscored:
        are = "outcome is" if facts.unscored == 1 else "outcomes are"
        said.append(f"{facts.unscored} {are} unscored and taken as the worst for either decision.")
    if facts.later:
        are = "block, begun before, is" if facts.later == 1 else "blocks, begun before, are"
        said.append(f"{facts.later} more {are} not counted.")
    return " ".join(said)


def _decision(facts: Facts) -> str:
    subject = "the candidate's rate less the baseline's" if facts.difference else "the rate"
    bound, low, high = (_shown(value, facts) for value in (facts.bound, facts.low, facts.high))
    after = f"after {facts.blocks} block{'' if facts.blocks == 1 else 's'} of {facts.cells} cell{'' if facts.cells == 1 else 's'}"
    seen = f", estimated at {_shown(facts.estimate, facts)}," if facts.estimate is not None else ""
    if facts.state == "undecided":
        return f"Undecided {after}: {subject}{seen} may be anything from {low} to {high}, and the bound of {bound} lies between."
    is_so = "is at most" if facts.state == "pass" else "is more than"
    shown = f"no more than {high}" if facts.state == "pass" else f"no less than {low}"
    return f"{subject.capitalize()}{seen} {is_so} the bound of {bound}: it is {shown} {after}."


def _shown(value: float, facts: Facts) -> str:
    return f"{100 * value:+.1f} points" if facts.difference else f"{100 * value:.1f} %"
