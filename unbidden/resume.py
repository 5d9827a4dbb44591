"""Taking up a run that was cut off: one process at a time, on sound logs, of which the newest comes first."""

import errno
import fcntl
import os
import socket
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import IO

from unbidden.errors import BadInputError, ResultsError, shown_problem
from unbidden.results.manifest import Manifest
from unbidden.results.samples import HeadedLog, check_log, headed_logs, read_log
from unbidden.results.whole import PREFIX, SUFFIX

LOCK = ".lock"

_LEFT_BEHIND = (f"{PREFIX}*{SUFFIX}", ".inspect_tmp_*.writing")
"""What a process that is killed while it writes leaves in a folder: our own unfinished files, and Inspect's."""

_ID = ".eval-set-id"


def numbered(stem: Path, *, fresh: bool) -> Path:
    """The folder to run into: the latest that was begun, or the next free one for a fresh run.

    Args:
        stem: The first one; those that were begun with `--new` have numbers behind it, from 2 on.
        fresh: Whether to start afresh.
    """
    latest, free, number = stem, stem, 2
    while free.exists():
        latest, free, number = free, stem.with_name(f"{stem.name}-{number}"), number + 1
    return free if fresh else latest


@contextmanager
def held(folder: Path) -> Generator[None]:
    """The run folder, made if need be, for this process alone while the block runs. The lock of a killed process is gone with it.

    Raises:
        BadInputError: Another process runs into the folder, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a+", encoding="utf-8")
    except OSError as problem:
        raise cannot_write(folder, problem) from None
    with lock:
        _take(lock, folder)
        yield


def _take(lock: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise BadInputError(
            f"another 'unbidden run' is at work here ({lock.read().strip() or 'just begun'})",
            where=str(folder),
            fix="Wait until it has ended, then run the same command again; --new starts a run beside it",
        ) from None
    except OSError as problem:
        if problem.errno not in {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise cannot_write(folder, problem) from None
        return  # a file system without locks: as good as without this module
    try:
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        lock.flush()
    except OSError as problem:
        raise cannot_write(folder, problem) from None


def make_ready(folder: Path, manifest: Manifest) -> None:
    """See that every log is sound, and clear away what a killed process left half written.

    Raises:
        BadInputError: A log is damaged, or the folder cannot be written. No log is touched.
    """
    logs = folder / "logs"
    _check(folder, manifest)
    try:
        logs.mkdir(parents=True, exist_ok=True)
        for place in (folder, logs):
            for pattern in _LEFT_BEHIND:
                for path in place.glob(pattern):
                    path.unlink()
        if (logs / _ID).is_file() and not (logs / _ID).read_bytes().strip():
            (logs / _ID).unlink()  # killed between making it and writing it
    except OSError as problem:
        raise cannot_write(logs, problem) from None


def newest_first(folder: Path) -> None:
    """Let the newest log of each task be the one that was written last.

    Inspect takes up the log with the latest time of change, and a copied folder may have any. A log's name begins with the
    time at which it was begun.
    """
    logs = sorted(headed_logs(folder), key=lambda log: (log.task, log.path.name))
    for _, group in groupby(logs, key=lambda log: log.task):
        *older, newest = [log.path for log in group]
        changed = max((path.stat().st_mtime_ns for path in older), default=0)
        if newest.stat().st_mtime_ns <= changed:
            os.utime(newest, ns=(changed + 1_000_000, changed + 1_000_000))


def cannot_write(folder: Path, problem: OSError) -> BadInputError:
    return BadInputError(
        f"cannot write there ({shown_problem(problem)})",
        where=str(folder),
        fix="Make room or give the right to write, or name another --results",
    )


def _check(folder: Path, manifest: Manifest) -> None:
    sound: list[HeadedLog] = []
    damaged: list[ResultsError] = []
    for log in headed_logs(folder, damaged):
        try:
            check_log(log.path)
            sound.append(log)
        except ResultsError as problem:
            damaged.append(problem)
    if damaged:
        raise _what_is_lost(damaged, sound, manifest)


def _what_is_lost(
    damaged: list[ResultsError], sound: Iterable[HeadedLog], manifest: Manifest
) -> BadInputError:
    logs = [read_log(log) for log in sound]
    kept = {(log.model, log.scenario, str(sample.id)) for log in logs for sample in log.samples}
    planned = {
        (model, scenario.id, sample.id)
        for model in manifest.models
        for scenario in manifest.scenarios
        for sample in scenario.samples
    }
    lost = len(planned - kept)
    more = f", and {len(damaged) - 1} more" if damaged[1:] else ""
    return BadInputError(
        f"{damaged[0].what}{more}; {lost} of the run's {len(planned)} samples are in no other log",
        where=damaged[0].where,
        fix="Put back a sound copy of it. Or move it out of the folder: the same command then plays those samples, and pays for them, again",
    )
