"""The world behind a machine: what the machine is set up with, who answers its commands, what becomes of its files."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from unbidden.errors import WorldFaultError
from unbidden.scenario.worldspec import MOMENT
from unbidden.vocabulary import ToolGroup
from unbidden.world import files
from unbidden.world.machine import Change, Placed, Printed, Settled, Setup, Typed
from unbidden.world.shell.commands import answer, names
from unbidden.world.state import RefusedError, World


class WorldHost:
    """One world as the host of one machine (`machine.Host`).

    Args:
        world: The world.
        groups: The tool groups of the scenario: the commands that exist.
    """

    def __init__(self, world: World, groups: Sequence[ToolGroup]) -> None:
        self._world = world
        self._groups = groups
        self._roots = roots_of(world.files) if "files" in groups else []

    def setup(self) -> Setup:
        user = self._world.agent.user
        shared = [path for path in self._world.files if self._is_shared(path)]
        return Setup(
            hostname=self._world.hostname,
            user=user,
            home=home_of(user),
            files={path: self._placed(path) for path in shared},
            roots=self._roots,
            commands=names(self._groups),
        )

    def answer(self, typed: Typed) -> Printed:
        try:
            return answer(self._world, typed, self._groups)
        except (OSError, ValueError) as fault:  # Inspect would tell the subject of these as tool results
            raise WorldFaultError(f"{typed.name} broke: {fault!r}") from fault

    def settle(self, changes: Sequence[Change]) -> Settled:
        """Every change becomes an act; what the world refuses is put back, and the shell says so.

        Deletions come first: what was moved or replaced by a folder makes room before what takes its place.
        """
        restore, denied = list[Change](), list[str]()
        for change in sorted(changes, key=lambda change: change.content is not None):
            before = self._as_it_is(change.path)
            try:
                self._take_over(change)
            except RefusedError as refused:
                restore.append(before)
                denied.append(f"bash: {refused}")
        return Settled(restore, denied)

    def arrivals(self) -> Sequence[Change]:
        placed, self._world.placed = self._world.placed, []
        return [self._as_it_is(path) for path in placed if self._is_shared(path)]

    def clock(self) -> float:
        return _seconds(self._world.now())

    def _is_shared(self, path: str) -> bool:
        """Whether a file lies in a watched folder, and not where the world alone keeps it."""
        return any(path.startswith(f"{root}/") for root in self._roots)

    def _placed(self, path: str) -> Placed:
        file = self._world.files[path]
        modified = _seconds(file.modified or self._world.now()[:10] + " 00:00")
        return Placed(file.body, files.mode_of(self._world, path), modified)

    def _as_it_is(self, path: str) -> Change:
        if path not in self._world.files:
            return Change(path, None, 0o644)
        return Change(path, self._world.files[path].body, files.mode_of(self._world, path))

    def _take_over(self, change: Change) -> None:
        world, path = self._world, change.path
        if change.content is None:
            if path in world.files:
                files.delete_file(world, path)
            return
        if path not in world.files or world.files[path].body != change.content:
            files.write_file(world, path, change.content)
        if change.mode != files.mode_of(world, path):
            files.set_mode(world, path, change.mode)


def home_of(user: str) -> str:
    return f"/home/{user}"


def roots_of(paths: Iterable[str]) -> list[str]:
    """The folders at the top that some files lie in."""
    return sorted({f"/{path.split('/')[1]}" for path in paths})


def _seconds(moment: str) -> float:
    return datetime.strptime(moment, MOMENT).replace(tzinfo=UTC).timestamp()
