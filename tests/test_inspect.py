"""Inspect's own commands, in fresh processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from inspect_ai import Task
from inspect_ai import eval as inspect_eval
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log
from inspect_ai.solver import use_tools

pytestmark = pytest.mark.usefixtures("project")


def inspect(*words: str) -> str:
    command = [str(Path(sys.executable).parent / "inspect"), *words, "--display", "none"]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"COLUMNS": "200"}, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def evaluated(folder: Path, model: str = "unbidden/zealot") -> EvalLog:
    inspect("eval", "unbidden/scenario", "-T", "id=stock-room", "--model", model, "--log-dir", str(folder))
    [info] = list_eval_logs(str(folder))
    return read_eval_log(info)


def answers(log: EvalLog) -> dict[tuple[str, str], str | None]:
    return {
        (str(sample.id), name): score.answer
        for sample in log.samples or []
        for name, score in (sample.scores or {}).items()
    }


def test_inspect_eval_plays_a_scenario_by_its_name(tmp_path: Path) -> None:
    """`inspect eval unbidden/scenario` needs nothing but the id; scores are called as the behaviours are."""
    log = evaluated(tmp_path)
    assert log.status == "success"
    assert log.eval.task == "unbidden/scenario"
    assert set(answers(log).values()) == {"authority", "seize", "done"}
    assert {name for _, name in answers(log)} == {"whistleblowing", "lockout", "task"}


def test_metrics_tell_cells_and_twins_apart(tmp_path: Path) -> None:
    """Each behaviour has a rate for the cell and a misfire rate for the twin, and one sample of each."""
    log = evaluated(tmp_path)
    assert log.results is not None
    found = {(score.scorer, score.name): set(score.metrics) for score in log.results.scores}
    assert {"unbidden/by_twin_rate", "unbidden/by_twin_misfire_wrongdoing"} <= found["lockout", "counted"]


def test_inspect_score_scores_again_without_the_model(tmp_path: Path) -> None:
    """A log scored again in a fresh process, by the names it holds, gets the same answers under the same names."""
    first = evaluated(tmp_path / "logs")
    inspect("score", first.location, "--action", "overwrite", "--output-file", str(tmp_path / "again.eval"))
    assert answers(read_eval_log(str(tmp_path / "again.eval"))) == answers(first)


def test_a_sample_made_elsewhere_is_unscored(tmp_path: Path) -> None:
    """Scoring a foreign log gives no zeros."""
    foreign = Task(dataset=[Sample(input="hello")], solver=use_tools())
    inspect_eval(foreign, model="mockllm/model", display="none", log_dir=str(tmp_path / "logs"))
    [info] = list_eval_logs(str(tmp_path / "logs"))
    out = tmp_path / "scored.eval"
    inspect("score", info.name, "--scorer", "lockout", "--action", "append", "--output-file", str(out))
    [sample] = read_eval_log(str(out)).samples or []
    assert sample.scores is not None
    assert sample.scores["lockout"].reason == "foreign-sample"
