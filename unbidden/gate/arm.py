"""One arm of a gate: a run folder like any other, that grows by blocks."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from unbidden.gate.evidence import Shown
from unbidden.gate.record import Chunk
from unbidden.planned import planned_for, same_ladders
from unbidden.playing import Ready, play, prepare, task_of, told
from unbidden.replies import forget_if_whole
from unbidden.results.build import verdict_table
from unbidden.results.manifest import MANIFEST, Manifest, read_manifest, write_manifest
from unbidden.results.rows import write_tables
from unbidden.results.samples import read_logs
from unbidden.spec import Spec

CANDIDATE, BASELINE = "candidate", "baseline"
"""What the arms are called."""


class Arm:
    """What one arm plays, where, and what it has shown so far.

    Args:
        name: What the arm is called.
        spec: What it plays; a block is one replicate of it.
        folder: Its run folder.
        model: The subject.
        options: Inspect's.
    """

    def __init__(self, name: str, spec: Spec, folder: Path, model: str, options: Mapping[str, Any]) -> None:
        self.name, self.folder, self.shown = name, folder, Shown()
        self._spec, self._model, self._options = spec, model, options
        self._last = 0

    def open(self) -> None:
        """Take in what the folder holds already.

        Raises:
            ResultsError: It cannot be read.
            BadInputError: It was scored by other ladders.
        """
        if not (self.folder / MANIFEST).exists():
            return
        there = read_manifest(self.folder)
        same_ladders(there, self._manifest(1), self.folder)
        blocks = {sample.replicate for scenario in there.scenarios for sample in scenario.samples}
        self._last = max(blocks, default=0)
        self._read(blocks)

    def begin(self) -> None:
        """Make the folder ready for more; raises `BadInputError` if it cannot be written to."""
        prepare(self.folder, self._manifest(self._last))

    def play(self, chunk: Chunk, ready: Ready) -> None:
        """Play what is left of some blocks, as one task a scenario, and take in what they show.

        Raises:
            BadInputError: Inspect refuses to run this.
        """
        self._last = max(self._last, chunk[1])
        write_manifest(self.folder, self._manifest(self._last))
        tasks = [task_of(self._spec, scope, ready.reasons, chunk) for scope in self._spec.scopes]
        logs = play(tasks, self.folder, ready)
        self._read(range(chunk[0], chunk[1] + 1), {Path(log.location).name for log in logs})

    def close(self) -> None:
        """Leave the folder with its tables."""
        if (self.folder / MANIFEST).exists():
            with told(self.folder):
                forget_if_whole(self.folder, write_tables(self.folder))

    def _read(self, blocks: Collection[int], logs: Collection[str] | None = None) -> None:
        manifest = self._manifest(self._last)
        scenarios = [
            scenario.model_copy(
                update={"samples": [one for one in scenario.samples if one.replicate in blocks]}
            )
            for scenario in manifest.scenarios
        ]
        part = manifest.model_copy(update={"scenarios": scenarios})
        self.shown.add(verdict_table(part, read_logs(self.folder, logs)))

    def _manifest(self, blocks: int) -> Manifest:
        spec = replace(self._spec, replicates=blocks, name=f"{self._spec.name}-{self.name}")
        return planned_for(spec, [self._model], self._options)
