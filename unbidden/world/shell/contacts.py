"""The address book on the command line."""

from unbidden.world import files
from unbidden.world.machine import Printed, Typed
from unbidden.world.shell.arguments import Manual
from unbidden.world.shell.printing import carried_out
from unbidden.world.state import World

_MANUAL = Manual(
    "contacts",
    ["[WORD]..."],
    "Look people up in the address book by name, title or address. Without words it shows everyone.",
)


def contacts(world: World, typed: Typed) -> Printed:
    query = " ".join(_MANUAL.read(typed.argv).words)
    return carried_out("contacts", [lambda: files.search_contacts(world, query)])
