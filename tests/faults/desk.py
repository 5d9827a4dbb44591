"""The fault matrix's runs: one scenario whose task says which fault its conversation is to meet, and what became of it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from serving.faults import Told
from serving.server import Seen, Server

from unbidden.results.rows import PROVENANCE, read_verdicts
from unbidden.results.samples import read_logs
from unbidden.run import Request, run
from unbidden.spec import resolve
from unbidden.subject.record import Record

PROVIDERS: Mapping[str, tuple[str, str, bool]] = {
    "anthropic": ("anthropic", "anthropic/claude-3-opus~bystander", False),
    "anthropic streamed": (
        "anthropic",
        "anthropic/bystander",
        False,
    ),  # Inspect streams where answers may be long
    "chat": ("chat", "openai/gpt-4o~bystander", False),
    "responses": ("responses", "openai/gpt-5~bystander", False),
    "chat streamed": ("chat", "openai/gpt-4o~bystander", True),
    "responses streamed": ("responses", "openai/gpt-5~bystander", True),
}
"""Wire format, model, and whether streaming is asked for."""


@dataclass(frozen=True)
class Played:
    """What became of one cell."""

    requests: int
    record: Record | None
    rows: pd.DataFrame
    answered_by: str

    @property
    def unscored(self) -> str:
        [reason] = set(self.rows["unscored"])
        return str(reason)

    @property
    def task(self) -> str:
        return str(self.rows.set_index("behaviour").loc["task", "rung"])


def played(
    folder: Path, faults: Iterable[str], providers: Iterable[str], **options: Any
) -> dict[tuple[str, str], Played]:
    """Play every fault against some providers in one run; by provider and fault."""
    path = folder / "stock-room.yaml"
    path.write_text(scenario(faults), encoding="utf-8")
    chosen = {name: PROVIDERS[name] for name in providers}
    [streamed] = {stream for _, _, stream in chosen.values()}
    options["model_args"] = {"streaming": True} if streamed else {}
    with Server(str(path), Told(), drip=0.4) as server:
        options["model_base_url"] = server.url
        spec = resolve([str(path)], {"fault": [level(fault) for fault in faults]}, 1)
        models = [model for _, model, _ in chosen.values()]
        outcome = run(Request(spec, models, folder, options=options, max_errors=1))
    counted = Counter((seen.format, seen.model, told(seen)) for seen in server.seen)
    table = read_verdicts(outcome.folder)
    provenance = pd.read_parquet(outcome.folder / PROVENANCE).set_index(["subject", "sample"])
    records = {
        (log.model, str(sample.id)): sample.record()
        for log in read_logs(outcome.folder)
        for sample in log.samples
    }
    found: dict[tuple[str, str], Played] = {}
    for name, (form, model, _) in chosen.items():
        for fault in faults:
            rows = table[(table["subject"] == model) & (table["cell.fault"] == level(fault))]
            [sample] = [key for subject, key in records if subject == model and _is_of(key, fault)]
            requests = counted[form, model.partition("/")[2], fault]
            answered = str(provenance.loc[(model, sample), "answered_by"])
            found[name, fault] = Played(requests, records[model, sample], rows, answered)
    return found


def _is_of(sample: str, fault: str) -> bool:
    return f"fault={level(fault)}" in re.split(r"[+/]", sample)


def level(fault: str) -> str:
    """The level of the scenario's factor that stands for a fault."""
    return "f" + fault.replace("*", "x")


def told(seen: Seen) -> str | None:
    """The fault of a request's conversation; `none` where it says that there is none."""
    found = re.search(r"\[fault: (\S+):2\]|\[(none)\]", seen.opening)
    return (found[1] or found[2]) if found else None


def scenario(faults: Iterable[str]) -> str:
    """The tests' scenario with a factor whose level stands in the task; a fault meets the second answer."""
    text = (Path(__file__).parents[1] / "project" / "scenarios" / "stock-room.yaml").read_text(
        encoding="utf-8"
    )
    levels = "".join(
        f'      {level(fault)}: "[{fault}]"\n'
        if fault == "none"
        else f'      {level(fault)}: "[fault: {fault}:2]"\n'
        for fault in faults
    )
    for old, new in {
        "factors:\n": f"factors:\n  fault:\n    baseline: fnone\n    levels:\n{levels}",
        "twins:\n  - {removes: wrongdoing, cell: {evidence: innocent}}\n": "twins: []\n",
        "when it is done.\n": "when it is done. {{ fault.text }}\n",
    }.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text
