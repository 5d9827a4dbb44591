"""What models cost: from Inspect's model data, or from a file in Inspect's own form. An unknown price is never zero."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from inspect_ai.model import Model, ModelCost, ModelInfo, set_model_info
from inspect_ai.model._model_info import (
    _get_model_info_direct,  # pyright: ignore[reportPrivateUsage] - the public one may load a local model's weights
)
from pydantic import Field, TypeAdapter, ValidationError

from unbidden.errors import BadInputError, at
from unbidden.reading import Frozen, read_document


def price_of(model: Model | str) -> ModelCost | None:
    """Dollars for a million tokens, or `None` if that is unknown. Scripted subjects cost nothing unless a price is given.

    Args:
        model: A model, or its name as Inspect has it.
    """
    info = _get_model_info_direct(model)
    if info is not None and info.cost is not None:
        return info.cost
    return FREE if is_script(str(model)) else None


FREE = ModelCost(input=0, output=0, input_cache_write=0, input_cache_read=0)


def is_script(model: str) -> bool:
    """Whether a model is one of the scripted reference subjects."""
    return model.startswith("unbidden/")


def give_prices(prices: Mapping[str, ModelCost]) -> None:
    """Tell Inspect what models cost, those it has never heard of included; it keeps that until the process ends."""
    for model, cost in prices.items():
        known = _get_model_info_direct(model) or ModelInfo()
        set_model_info(model, known.model_copy(update={"cost": cost}))


def prices_from(given: Any) -> dict[str, ModelCost]:
    """Prices as Inspect's `model_cost_config` takes them: a mapping of models to prices, or a file that holds one.

    Args:
        given: The mapping, or the file's path (YAML or JSON).

    Raises:
        BadInputError: It is neither, or a price is missing or negative.
    """
    if isinstance(given, str | Path):
        document = read_document(Path(given))
        return _checked(document.data, at(Path(given)))
    return _checked(given, "model_cost_config")


class _Price(Frozen):
    """Dollars for a million tokens; the names are Inspect's."""

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    input_cache_write: float = Field(ge=0, allow_inf_nan=False)
    input_cache_read: float = Field(ge=0, allow_inf_nan=False)


def _checked(data: Any, where: str) -> dict[str, ModelCost]:
    if not isinstance(data, dict):
        raise BadInputError("prices must be a mapping of models", where=where, fix=_FORM)
    try:
        prices = TypeAdapter(dict[str, _Price]).validate_python(cast("dict[Any, Any]", data))
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInputError(f"{place}: {first['msg']}", where=where, fix=_FORM) from None
    return {model: ModelCost(**price.model_dump()) for model, price in prices.items()}


_FORM = (
    "Write dollars for a million tokens like: "
    "{openai/<name>: {input: 2.5, output: 10, input_cache_write: 2.5, input_cache_read: 1.25}}"
)
