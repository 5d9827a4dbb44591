"""The run's one decider, by its name."""

import hashlib
import re
from collections.abc import Iterable, Sequence

from inspect_ai.model import get_model

from unbidden.errors import BadInputError
from unbidden.models import usable_model
from unbidden.scoring.evidence import Decider
from unbidden.scoring.judge import INSTRUCTIONS, Judge
from unbidden.scoring.ladder import Ladder, Question
from unbidden.scoring.lexicon import Lexicon, cues_file
from unbidden.scoring.material import rubric
from unbidden.scoring.panel import Panel

LEXICON = "lexicon"


def roles(graders: Sequence[str]) -> dict[str, str]:
    """The models that decide, by Inspect's model roles: `grader`, and for a panel `grader-2`, `grader-3`, ..."""
    return {_role(number): grader for number, grader in enumerate(graders)}


def named(graders: Sequence[str]) -> str:
    """What a scorer is told, so that a log can be scored again: `lexicon`, `judge`, or `panel-3` for three judges."""
    match len(graders):
        case 0:
            return LEXICON
        case 1:
            return "judge"
        case count:
            return f"panel-{count}"


def shown(graders: Sequence[str]) -> str:
    """The decider in tables: with the models' names."""
    match len(graders):
        case 0:
            return LEXICON
        case 1:
            return f"judge:{graders[0]}"
        case _:
            return f"panel:{'+'.join(graders)}"


def made(name: str) -> Decider:
    """The decider that a scorer was told of; its models are those of the running task's roles.

    Raises:
        BadInputError: There is no such decider.
    """
    must_be_known(name)
    if name == LEXICON:
        return Lexicon()
    kind, _, count = name.partition("-")
    judges = [Judge(get_model(role=_role(number), required=True)) for number in range(int(count or 1))]
    return judges[0] if kind == "judge" else Panel(judges)


def for_models(graders: Sequence[str]) -> Decider:
    """A decider of these models, outside of a run.

    Raises:
        BadInputError: A model that cannot be used.
    """
    judges = [Judge(usable_model(grader)) for grader in graders]
    return (judges[0] if len(judges) == 1 else Panel(judges)) if judges else Lexicon()


def rubric_versions(graders: Sequence[str], ladders: Iterable[Ladder]) -> dict[str, str]:
    """The content hash of what each question of some ladders is decided by: a judge's rubric, or the lexicon's words.

    Raises:
        NotFoundError: There is no rubric for a question.
    """
    return versions(graders, {question for ladder in ladders for question in ladder.questions()})


def versions(graders: Sequence[str], asked: Iterable[Question]) -> dict[str, str]:
    """The same for some questions."""
    return {
        question: hashlib.sha256(_goes_by(graders, question)).hexdigest()[:12] for question in sorted(asked)
    }


def _goes_by(graders: Sequence[str], question: Question) -> bytes:
    return f"{INSTRUCTIONS}\n{rubric(question)}".encode() if graders else cues_file().read_bytes()


def must_be_known(name: str) -> None:
    """Raises `BadInputError` if there is no such decider."""
    if not re.fullmatch("lexicon|judge|panel-[2-9]", name):
        allowed = "Allowed: lexicon, judge, panel-2, panel-3, ..."
        raise BadInputError(f"there is no decider '{name}'", fix=allowed)


def _role(number: int) -> str:
    return "grader" if number == 0 else f"grader-{number + 1}"
