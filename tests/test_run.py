"""A run: what is repeated, what is not, and what is left of a sample that failed."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from inspect_ai import score
from inspect_ai.log import list_eval_logs, read_eval_log
from inspect_ai.model import ModelUsage

from unbidden.errors import BadInputError, DeciderError
from unbidden.options import RUNTIME, checked
from unbidden.results.compare import compare
from unbidden.results.manifest import read_manifest
from unbidden.results.rows import PROVENANCE, VERDICTS, read_verdicts
from unbidden.run import Outcome, Request, run
from unbidden.scoring import scorer
from unbidden.scoring.lexicon import Lexicon
from unbidden.spec import resolve
from unbidden.subject import reference
from unbidden.world import files

pytestmark = pytest.mark.usefixtures("project")


def request(
    results: Path, *models: str, replicates: int = 1, fresh: bool = False, limit: int | None = None
) -> Request:
    spec = resolve(["stock-room"], {}, replicates)
    return Request(spec, [f"unbidden/{model}" for model in models], results, fresh, limit)


def counted(folder: Path, behaviour: str) -> pd.DataFrame:
    table = read_verdicts(folder)
    return table[table["behaviour"] == behaviour]


def test_same_seeds_give_the_same_bytes(tmp_path: Path) -> None:
    """Two runs of one spec in two folders write byte-identical verdict tables."""
    tables = [
        run(request(tmp_path / name, "mixed", "zealot", replicates=2)).folder / VERDICTS for name in "ab"
    ]
    assert tables[0].read_bytes() == tables[1].read_bytes()


def test_a_finished_run_plays_nothing_again(tmp_path: Path) -> None:
    """The same request a second time finds its folder and plays no sample."""
    first = run(request(tmp_path, "bystander"))
    second = run(request(tmp_path, "bystander"))
    assert (first.played, second.played) == (2, 0)
    assert first.folder == second.folder


def test_another_model_joins(tmp_path: Path) -> None:
    """A second model runs into the same folder, and the first model's samples stay what they were."""
    first = run(request(tmp_path, "bystander"))
    before = uuids(first.folder)
    second = run(request(tmp_path, "zealot"))
    assert second.folder == first.folder
    assert read_manifest(first.folder).models == ["unbidden/bystander", "unbidden/zealot"]
    assert before < uuids(first.folder)
    assert set(read_verdicts(first.folder)["subject"]) == {"unbidden/bystander", "unbidden/zealot"}


def test_fresh_starts_beside_what_is_there(tmp_path: Path) -> None:
    """A fresh run gets a folder of its own and plays everything."""
    first = run(request(tmp_path, "bystander"))
    second = run(request(tmp_path, "bystander", fresh=True))
    assert second.folder.name == f"{first.folder.name}-2"
    assert second.played == first.played


def test_a_changed_ladder_is_not_mixed_into_a_run(tmp_path: Path) -> None:
    """A run that was scored by other ladders is refused, with the ladder named."""
    folder = run(request(tmp_path, "bystander")).folder
    manifest = folder / "manifest.json"
    version = read_manifest(folder).ladders["lockout"]
    manifest.write_text(manifest.read_text().replace(version, "0" * 12))
    with pytest.raises(BadInputError, match="ladders of lockout have changed"):
        run(request(tmp_path, "bystander"))


def test_another_temperature_is_another_run(tmp_path: Path) -> None:
    """Options that decide what comes out are part of the run's identity; those that only decide how it goes are not."""
    spec, models = resolve(["stock-room"], {}, 1), ["unbidden/bystander"]
    runs = [
        run(Request(spec, models, tmp_path, options=options)).folder
        for options in ({}, {"temperature": 0.5}, {"temperature": 0.7}, {"max_samples": 1})
    ]
    assert len(set(runs)) == 3
    assert runs[0] == runs[3]
    assert read_manifest(runs[1]).options == {"temperature": 0.5}


def test_every_option_of_inspect_is_known_to_be_decisive_or_not() -> None:
    """The list of options that change nothing names only options that Inspect has."""
    assert set(checked(dict.fromkeys(RUNTIME))) >= RUNTIME


def test_a_limited_run_plans_only_what_it_plays(tmp_path: Path) -> None:
    """With a limit nothing is shown as not run, and the folder is not the full run's."""
    limited = run(request(tmp_path, "bystander", limit=1))
    full = run(request(tmp_path, "bystander"))
    assert limited.played == 1
    assert limited.folder != full.folder
    assert (read_verdicts(limited.folder)["unscored"] == "").all()


def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """After kill -9 the same command finishes the run, and no finished sample is played again."""
    command = [
        sys.executable,
        "-m",
        "unbidden.cli",
        "run",
        "stock-room",
        "-m",
        "unbidden/mixed",
        "--replicates",
        "5",
    ]
    command += ["--results", str(tmp_path / "killed"), "--inspect", "max_samples=1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if line.startswith("4 of"))
        process.kill()
    [folder] = (tmp_path / "killed").iterdir()
    before = uuids(folder)
    subprocess.run(command, check=True, capture_output=True)
    unbroken = run(request(tmp_path / "unbroken", "mixed", replicates=5)).folder
    assert 3 <= len(before) < 10
    assert before < uuids(folder)
    assert (folder / VERDICTS).read_bytes() == (unbroken / VERDICTS).read_bytes()


@pytest.mark.parametrize(
    "fault", [FileNotFoundError, PermissionError, TimeoutError, IsADirectoryError, ValueError]
)
def test_a_fault_that_looks_like_a_tool_error_leaves_unscored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """Inspect tells the subject of some of Python's errors as tool results; from our world they are still our fault."""

    def broken(*_: object) -> str:
        raise fault("gone")

    monkeypatch.setattr(files, "write_file", broken)
    assert_all_unscored(run(request(tmp_path, "zealot")), "error: WorldFaultError")


def test_a_broken_sample_that_is_scored_again_stays_unscored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The acts before the fault are kept, and no later scoring takes them for the whole."""

    def broken(*_: object) -> str:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(files, "write_file", broken)
    [info] = list_eval_logs(str(run(request(tmp_path, "zealot")).folder / "logs"))
    again = score(read_eval_log(info), [scorer.behaviour("lockout")], action="overwrite", display="none")
    assert {sample.scores["lockout"].reason for sample in again.samples or [] if sample.scores} == {"error"}


def test_a_run_with_failed_samples_is_not_complete_and_plays_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command tries failed samples again, and only those."""

    def broken(*_: object) -> str:
        raise RuntimeError("the disk is on fire")

    with monkeypatch.context() as patched:
        patched.setattr(files, "write_file", broken)
        first = run(request(tmp_path, "zealot", "schemer"))
    second = run(request(tmp_path, "zealot", "schemer"))
    assert (first.complete, second.complete, second.played) == (False, True, 2)


def test_a_table_of_an_earlier_state_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that joined and was interrupted before the tables were written is in the comparison all the same."""
    folder = run(request(tmp_path, "bystander")).folder

    def interrupted(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("unbidden.run.write_tables", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(request(tmp_path, "zealot"))
    assert {line.subject for line in compare([folder]).lines} == {"unbidden/bystander", "unbidden/zealot"}


def test_a_tool_that_breaks_leaves_unscored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in a tool is our failure: every behaviour of the sample is unscored with the reason, none is zero."""

    def broken(*_: object) -> str:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(files, "write_file", broken)
    assert_all_unscored(run(request(tmp_path, "zealot")), "error: RuntimeError")


def test_a_world_that_breaks_leaves_unscored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in building the world is our failure too."""

    def broken(*_: object) -> None:
        raise RuntimeError("no world today")

    monkeypatch.setattr("unbidden.subject.loop.World", broken)
    assert_all_unscored(run(request(tmp_path, "zealot")), "error: RuntimeError")


def test_a_scorer_that_breaks_leaves_unscored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in scoring is our failure too."""

    def broken(*_: object) -> None:
        raise RuntimeError("cannot count")

    monkeypatch.setattr(scorer, "decide", broken)
    assert_all_unscored(run(request(tmp_path, "zealot")), "error: RuntimeError")


def test_a_decider_that_fails_leaves_unscored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the decider's answer there is no verdict on what it decides; rules still settle the rest."""

    async def mute(*_: object) -> None:
        raise DeciderError("refused", "I would rather not say")

    monkeypatch.setattr(Lexicon, "answer", mute)
    outcome = run(request(tmp_path, "zealot"))
    undecided, settled = counted(outcome.folder, "whistleblowing"), counted(outcome.folder, "lockout")
    assert set(undecided["unscored"]) == {"refused"}
    assert undecided["counted"].isna().all()
    assert settled["counted"].all()
    [line] = [line for line in compare([outcome.folder]).lines if line.behaviour == "whistleblowing"]
    assert (line.overall.n, line.unscored, line.reasons) == (0, 2, {"refused": 2})


def test_a_sample_that_never_ran_is_in_the_table(tmp_path: Path) -> None:
    """What was planned and is in no log is unscored as not run."""
    folder = run(request(tmp_path, "bystander")).folder
    for log in (folder / "logs").glob("*.eval"):
        log.unlink()
    (folder / VERDICTS).unlink()
    assert set(read_verdicts(folder)["unscored"]) == {"not-run"}


def test_a_turn_limit_truncates(tmp_path: Path) -> None:
    """A sample that ends at a limit before anything counted is truncated, and widens the bounds to certainty."""
    spec = resolve(["stock-room"], {}, 1)
    short = Request(spec, ["unbidden/zealot"], tmp_path, options={"turn_limit": 2})
    folder = run(short).folder
    [line] = [line for line in compare([folder]).lines if line.behaviour == "lockout"]
    assert set(counted(folder, "lockout")["ended"]) == {"limit"}
    assert (line.truncated, line.bounds) == (1, (0.0, 1.0))


def test_exposure_is_the_turn_at_which_the_fact_was_read(tmp_path: Path) -> None:
    """The scripted subjects read the decisive mail in their first turn."""
    table = counted(run(request(tmp_path, "zealot")).folder, "lockout")
    assert table["exposed"].tolist() == [1, 1]


def test_a_subject_that_never_met_the_fact_is_not_exposed(tmp_path: Path) -> None:
    """Safe by ignorance is not safe: the sample is in the rate over all, and not in the rate over the exposed."""
    folder = run(request(tmp_path, "schemer")).folder
    [line] = [line for line in compare([folder]).lines if line.behaviour == "whistleblowing"]
    assert counted(folder, "whistleblowing")["exposed"].isna().all()
    assert (line.overall[:2], line.exposed[:2]) == ((0, 1), (0, 0))


def test_a_spent_budget_stops_and_a_larger_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was begun is finished and scored, the rest is not run; with more money the same command finishes it."""
    priced = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2, total_cost=1.0)
    monkeypatch.setattr(reference, "_usage", lambda *_: priced)
    spec = resolve(["stock-room"], {}, 3)

    def spend(dollars: float) -> Outcome:
        return run(
            Request(spec, ["unbidden/bystander"], tmp_path, max_cost=dollars, options={"max_samples": 1})
        )

    first = spend(6)
    table = counted(first.folder, "task")
    assert first.stopped is not None
    assert not first.complete
    assert table["unscored"].tolist().count("not-run") == 6 - first.played
    assert 0 < first.played < 6
    second = spend(1000)
    assert (second.folder, second.stopped, second.complete) == (first.folder, None, True)
    assert second.played == 6 - first.played
    assert (counted(first.folder, "task")["unscored"] == "").all()


def test_provenance_names_the_log_of_each_sample(tmp_path: Path) -> None:
    """Every sample's row in the provenance table leads to a log that is there; scripts cost nothing known."""
    folder = run(request(tmp_path, "bystander")).folder
    table = pd.read_parquet(folder / PROVENANCE)
    assert {str(folder / "logs" / name) for name in table["log"]} <= {
        str(path) for path in (folder / "logs").iterdir()
    }
    assert len(table) == 2


def uuids(folder: Path) -> set[str]:
    logs = [read_eval_log(info) for info in list_eval_logs(str(folder / "logs"))]
    return {str(sample.uuid) for log in logs for sample in log.samples or []}


def assert_all_unscored(outcome: Outcome, reason: str) -> None:
    table = read_verdicts(outcome.folder)
    assert len(table) == 6
    assert table["unscored"].str.startswith(reason).all()
    assert table["counted"].isna().all()
    assert all(line.overall.n == 0 and line.unscored == 2 for line in compare([outcome.folder]).lines)
