"""Which schema file belongs to which model."""

from unbidden.eval_file import Eval
from unbidden.gating.file import GateFile
from unbidden.reading import Frozen
from unbidden.scenario.model import Scenario
from unbidden.scoring.ladder import Ladder

SCHEMAS: dict[str, type[Frozen]] = {
    "scenarios/schema/scenario.json": Scenario,
    "scorers/schema/ladder.json": Ladder,
    "evals/schema/eval.json": Eval,
    "evals/schema/gate.json": GateFile,
}
