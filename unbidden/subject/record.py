"""What one sample leaves in Inspect's store: the one typed door to it."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

from pydantic import TypeAdapter, ValidationError

from unbidden.reading import Frozen
from unbidden.vocabulary import Aware, Ended
from unbidden.world.events import Fired
from unbidden.world.ledger import Act


class Store(Protocol):
    """The part of Inspect's store that is needed here."""

    def get(self, key: str, default: None = None) -> Any: ...
    def set(self, key: str, value: Any) -> None: ...


class Record(Frozen):
    """The ledger of a finished sample, how it ended, what it changed in the world, and the models that say they answered."""

    ledger: list[Act]
    ended: Ended
    turns: int
    events: list[Fired] = []
    aware: Aware | None = None
    changes: dict[str, Any] = {}
    models: list[str] = []

    def keep(self, store: Store) -> None:
        """Write it to the store.

        It is written once, when the sample ends: Inspect compares the whole store before and after every tool call,
        so a ledger that grew in it would be serialised twice a turn.
        """
        store.set(_KEY, self.model_dump(mode="json", exclude_defaults=True))

    @classmethod
    def of(cls, store: Store) -> "Record | None":
        """Read it back; `None` if the sample left none or an unreadable one."""
        return cls._read(store.get(_KEY))

    @classmethod
    def of_log(cls, store: Mapping[str, Any]) -> "Record | None":
        """As `of`, from a log. Inspect's own store would copy all that stands there, which may be nested without end."""
        return cls._read(store.get(_KEY))

    @classmethod
    def _read(cls, data: Any) -> "Record | None":
        try:
            return TypeAdapter(cls).validate_python(data) if data is not None else None
        except ValidationError:
            return None


_KEY = "unbidden"


def answered_by(store: Mapping[str, Any]) -> list[str]:
    """The models that say they answered, from a log's store, without reading the ledger; none if nothing readable stands there."""
    record = store.get(_KEY)
    models = cast("Mapping[str, Any]", record).get("models") if isinstance(record, dict) else None
    found = cast("list[Any]", models) if isinstance(models, list) else []
    return [name for name in found if isinstance(name, str)]
