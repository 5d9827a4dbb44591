"""Gate files: a gate that is not an eval's own, or an eval's with the subjects and system prompts it is about."""

from typing import Annotated, Any

from pydantic import Field

from unbidden.gating.spec import Gate
from unbidden.reading import Frozen, OneOrMore
from unbidden.vocabulary import AgentName, SandboxName


class GateFile(Frozen):
    """A gate in a file of its own (`gates/NAME.yaml`, or `NAME.gate.yaml` anywhere); paths in it are relative to it.

    `eval` is one eval, or one or more scenarios; without `gate` the eval's own holds. `against` is another system prompt to play
    beside this one (`scenario` for the scenario's own), `baseline` a saved one in its place.
    """

    title: str = ""
    eval: OneOrMore[str]
    models: OneOrMore[str] = []
    system_prompt: str | None = None
    against: str | None = None
    baseline: str | None = None
    across_models: bool = False
    gate: Gate | None = None
    factors: dict[str, OneOrMore[str]] = {}
    graders: list[str] = []
    sandbox: SandboxName | None = None
    agent: AgentName | None = None
    at_once: Annotated[int, Field(ge=1)] = 1
    max_cost: float | None = None
    options: dict[str, Any] = {}
