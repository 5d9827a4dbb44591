"""What Inspect loads to find our names: the task, the scripted model, and a scorer for each ladder there is.

Inspect imports this module when it looks names up, and nothing else imports it. A fresh `inspect score` has only the
behaviours' names, so each ladder's scorer is registered here; the ladder itself is read when the scorer is made.
"""

from inspect_ai.model import ModelAPI, modelapi

from unbidden import content
from unbidden.sandbox.bubblewrap import BubblewrapSandbox
from unbidden.sandbox.embedded import EmbeddedSandbox
from unbidden.scoring.scorer import by_twin, register
from unbidden.subject.loop import play
from unbidden.task import scenario

__all__ = ["BubblewrapSandbox", "EmbeddedSandbox", "by_twin", "play", "scenario", "unbidden"]

for _name in content.listing("scorers"):
    register(_name)


@modelapi(name="unbidden")
def unbidden() -> type[ModelAPI]:
    """The reference subjects, as `unbidden/<subject>`."""
    from unbidden.subject.reference import ReferenceSubject  # noqa: PLC0415 - only when a reference subject is used

    return ReferenceSubject
