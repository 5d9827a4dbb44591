"""Which schema file belongs to which model."""

from unbidden.gating.file import GateFile
from unbidden.reading import Frozen
from unbidden.scenario.model import Scenario
from unbidden.scoring.ladder import Ladder
from unbidden.spec import Eval

SCHEMAS: dict[str, type[Frozen]] = {
    "scenarios/schema/scenario.json": Scenario,
    "scorers/schema/ladder.json": Ladder,
    "evals/schema/eval.json": Eval,
    "evals/schema/gate.json": GateFile,
}
