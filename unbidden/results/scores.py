"""Later scorings of a run: verdict tables beside the run's own, each with what made it."""

import hashlib
import json
import re
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from unbidden.errors import BadInputError, ResultsError, suggestion
from unbidden.reading import Frozen
from unbidden.results.answers import ANSWERS, read_answers
from unbidden.results.manifest import Manifest
from unbidden.results.rows import read_answered, read_provenance, read_table, read_verdicts
from unbidden.results.whole import whole

FOLDER = "scores"

AS_RUN = "as-run"
"""What the run's own scores are called."""


class Scoring(Frozen):
    """What a verdict table was made by, and of what.

    `ladders` holds the content hash of each behaviour's ladder, `rubrics` of what each question was decided by; `viewed` the behaviours that were read by `view`, the others by our
    own reading; `samples` says of which samples, as a hash.
    """

    label: str
    decider: str
    view: str | None = None
    viewed: list[str] = []
    ladders: dict[str, str]
    rubrics: dict[str, str] = {}
    wanted: list[str] = []
    unbidden: str
    samples: str

    @classmethod
    def own(cls, run: Manifest) -> "Scoring":
        """A run's own scoring."""
        return cls(
            label=AS_RUN,
            decider=run.decider,
            ladders=run.ladders,
            rubrics=run.rubrics,
            wanted=run.wanted,
            unbidden=run.unbidden,
            samples="",
        )

    def differences(self, other: "Scoring") -> list[str]:
        """The names of what is not the same in another scoring; the samples are not compared."""
        return [
            name
            for name in type(self).model_fields
            if name not in {"label", "samples"} and getattr(self, name) != getattr(other, name)
        ]


def read_scores(folder: Path, run: Manifest, label: str) -> tuple[Scoring, pd.DataFrame]:
    """One scoring of a run folder, its own included, and its verdict table.

    Raises:
        ResultsError: There is none of that name, it cannot be read, or the run has gone on since it was made.
    """
    if label == AS_RUN:
        return Scoring.own(run), read_verdicts(folder)
    scoring = find_scoring(folder, label)
    if scoring is None:
        raise ResultsError(
            f"there are no scores '{label}'", where=str(folder), fix=suggestion(label, labels(folder))
        )
    if scoring.samples != state(folder):
        raise ResultsError(
            f"the scores '{label}' are of an earlier state of the run", where=str(folder), fix=_AGAIN
        )
    return scoring, read_table(_path(folder, label, "parquet"), _AGAIN)


def answers_of(folder: Path, label: str) -> pd.DataFrame:
    """The answers table of one scoring of a run folder.

    Raises:
        ResultsError: It is not there or cannot be read.
    """
    return read_answered(folder) if label == AS_RUN else read_answers(_path(folder, label, ANSWERS))


def changed_since(scoring: Scoring, run: Manifest) -> dict[str, list[str]]:
    """The behaviours whose `ladders`, and the questions whose `rubrics`, were no longer what they were when the run began.

    Another decider goes by other texts, which is no change.
    """
    rubrics = scoring.rubrics if scoring.decider == run.decider else {}
    found = {
        "ladders": [name for name, digest in scoring.ladders.items() if run.ladders.get(name) != digest],
        "rubrics": [name for name, digest in rubrics.items() if run.rubrics.get(name) != digest],
    }
    return {kind: sorted(names) for kind, names in found.items() if names}


def labels(folder: Path) -> list[str]:
    """What the scorings of a run folder are called, its own first."""
    return [AS_RUN, *sorted(path.stem for path in (folder / FOLDER).glob("*.json"))]


def find_scoring(folder: Path, label: str) -> Scoring | None:
    """What a later scoring was made by, or `None` if there is none of that name.

    Raises:
        ResultsError: It cannot be read.
    """
    path = _path(folder, label, "json")
    try:
        return Scoring.model_validate_json(path.read_bytes()).model_copy(update={"label": label})
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise ResultsError(f"cannot be read ({problem})", where=str(path), fix=_AGAIN) from None
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        raise ResultsError(
            f"says nothing of its scores ({first['msg']})", where=str(path), fix=_AGAIN
        ) from None


def write_scores(folder: Path, scoring: Scoring, table: pd.DataFrame, answers: pd.DataFrame) -> Path:
    """Write a scoring's tables, and then what it was made by: without that it does not count as there.

    Raises:
        BadInputError: It cannot be written there.
    """
    about, path = _path(folder, scoring.label, "json"), _path(folder, scoring.label, "parquet")
    text = json.dumps(scoring.model_dump(mode="json"), indent=1, ensure_ascii=False)
    try:
        path.parent.mkdir(exist_ok=True)
        about.unlink(missing_ok=True)
        for place, part in ((path, table), (_path(folder, scoring.label, ANSWERS), answers)):
            with whole(place) as unfinished:
                part.to_parquet(unfinished, index=False)
        about.write_text(text + "\n", encoding="utf-8")
    except OSError as problem:
        raise BadInputError(f"cannot write there ({problem})", where=str(path)) from None
    return path


def state(folder: Path) -> str:
    """A hash of which samples a run folder holds, by their random ids: another as soon as one is played, or played again."""
    table = read_provenance(folder)
    ids = sorted(str(uuid) for uuid in table["uuid"]) if "uuid" in table else []
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:12]


LONGEST = 80
"""Characters of a label: it is a file's name, and the half of a line in a table."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")

_AGAIN = "Make them again with 'unbidden score'"


def label_of(decider: str, view: str | None) -> str:
    """What a scoring is called if nobody names it: after its decider and its view, as a file may be called."""
    text = _UNSAFE.sub("-", f"{decider}-{view}" if view else decider).lstrip(".-")
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST - 9]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def must_be_usable(label: str) -> None:
    """Raises `BadInputError` if scores cannot be called that."""
    if label == AS_RUN:
        raise BadInputError(f"'{AS_RUN}' is what the run's own scores are called", fix="Give another --name")
    if _UNSAFE.search(label) or label[:1] in {"", ".", "-"} or len(label) > LONGEST:
        fix = f"Use up to {LONGEST} letters, digits and . _ + -, and begin with a letter or digit"
        raise BadInputError(f"scores cannot be called '{label}'", fix=fix)


def _path(folder: Path, label: str, kind: str) -> Path:
    return folder / FOLDER / f"{label}.{kind}"
