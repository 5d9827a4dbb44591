"""What a test sees of a command that it types."""

from collections.abc import Callable
from dataclasses import dataclass

from unbidden.vocabulary import Status, Verb
from unbidden.world.ledger import Act
from unbidden.world.machine import Printed

PORTAL = "https://portal.hallam-medical.example"


@dataclass(frozen=True)
class Ran:
    """What a command printed and did."""

    printed: Printed
    acts: list[Act]

    @property
    def done(self) -> list[tuple[Verb, str, Status]]:
        return [(act.verb, act.object, act.status) for act in self.acts]


Shell = Callable[..., Ran]
"""Types a line; its arguments are those of the fixture `shell`."""
