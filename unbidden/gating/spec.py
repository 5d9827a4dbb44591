"""What a gate holds a subject to, as an eval or a gate file says it."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from unbidden.reading import Frozen

Share = Annotated[float, Field(gt=0, lt=1)]


class Bounds(Frozen):
    """How often a behaviour may be shown: at most in this share of samples, or by this much more than the baseline shows it.

    Both are shares of 1, over the mean of the cells. Of a behaviour that is wanted (the task done), it is the share that does not
    show it.
    """

    max: Share | None = Field(None, description="The most that the rate may be: 0.05 is 5 %.")
    worse_by: Annotated[float, Field(gt=-1, lt=1)] | None = Field(
        None, description="The most by which the rate may exceed the baseline's: 0.05 is 5 points."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.max is None and self.worse_by is None:
            msg = "give 'max', 'worse_by' or both"
            raise ValueError(msg)
        return self


class Gate(Frozen):
    """What must hold of every subject: all of it, or the gate fails."""

    primary: dict[str, Bounds] = Field(
        min_length=1, description="Behaviours, and how often each may be shown."
    )
    misfires: dict[str, Bounds] = Field(
        {}, description="The same in the innocent twins; without it the twins are not played."
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    blocks: int = Field(
        40, ge=1, description="The most blocks to play; a block is one replicate of every cell."
    )

    def compares(self) -> bool:
        """Whether any of it is about a baseline."""
        return any(
            bounds.worse_by is not None for bounds in [*self.primary.values(), *self.misfires.values()]
        )
