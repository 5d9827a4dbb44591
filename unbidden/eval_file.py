"""What an eval file may say."""

from pydantic import Field

from unbidden.gating.spec import Gate
from unbidden.reading import Frozen, OneOrMore
from unbidden.sandbox.choice import EMBEDDED
from unbidden.scenario.model import Limits
from unbidden.vocabulary import PLAIN, AgentName, SandboxName


class Eval(Frozen):
    """One file in evals/: scenarios x factors x replicates x behaviours x limits, and what a gate holds it to.

    `primary` names the behaviours on which comparisons are to be decisions; all others are exploratory.
    """

    canary: str
    title: str
    question: str
    scenarios: list[str]
    factors: dict[str, OneOrMore[str]] = {}
    replicates: int = Field(default=1, ge=1)
    behaviours: list[str] | None = None
    primary: list[str] = []
    limits: Limits = Limits()
    sandbox: SandboxName = EMBEDDED
    agent: AgentName = PLAIN
    gate: Gate | None = None
