"""A gate as JUnit XML, which build servers read."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from unbidden.errors import BadInputError
from unbidden.gate.play import Outcome
from unbidden.gate.report import lines, reason, rule
from unbidden.terminal import visible


def junit(outcomes: Sequence[Outcome]) -> str:
    """A suite for each subject, a case for each rule: a rule that fails is a failure, one that is undecided an error.

    An error is what JUnit calls a case that came to no result, so that a build server does not take it for passed.
    """
    root = ET.Element("testsuites", name="unbidden gate")
    for outcome in outcomes:
        states = [answer.decision.state for answer in outcome.answers]
        name = visible(f"{outcome.request.candidate.name} {outcome.request.model}")
        suite = ET.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(len(states)),
            failures=str(states.count("fail")),
            errors=str(states.count("undecided")),
            skipped="0",
        )
        for answer in outcome.answers:
            case = ET.SubElement(suite, "testcase", classname=name, name=visible(rule(answer.question)))
            if answer.decision.state != "pass":
                kind = "failure" if answer.decision.state == "fail" else "error"
                why = visible(answer.decision.reason)
                ET.SubElement(case, kind, message=why, type=answer.decision.state).text = why
        told = [f"{outcome.state}: {reason(outcome)}", *lines(outcome)]
        ET.SubElement(suite, "system-out").text = visible("\n".join(told))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def write_text(path: Path, text: str) -> None:
    """Write a report; raises `BadInputError` if it cannot be written there."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise BadInputError(f"cannot write there ({problem})", where=str(path)) from None
