"""What one subject's verdicts on one behaviour come to: a line of the side-by-side table."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unbidden.results.stats import Bounds, Rate, bounds, rate
from unbidden.scenario.expand import NO_TWIN
from unbidden.vocabulary import Ended

Key = tuple[str, str, str]
"""Behaviour, subject and group."""


@dataclass(frozen=True)
class Line:
    """One subject's figures on one behaviour, in one group if the table is grouped.

    `overall` is over all scored samples that are no twins, `exposed` over those of them whose subject had met the decisive
    fact. `unscored` counts samples without a verdict, twins included; `truncated` those of the cells themselves that ended
    at a limit before anything counted.
    """

    behaviour: str
    subject: str
    group: str
    overall: Rate
    exposed: Rate
    attempted: Rate
    unscored: int
    reasons: dict[str, int]
    truncated: int
    bounds: Bounds | None
    misfires: dict[str, Rate]


_COUNTED = ["n", "hits", "exposed_n", "exposed_hits", "attempted", "truncated", "lost", "unscored_n"]


def lines(table: pd.DataFrame, column: str | None, wanted: Collection[str]) -> list[Line]:
    """Every behaviour's and subject's line, in that order.

    Args:
        table: A verdict table.
        column: A column to split every line by.
        wanted: Behaviours that are asked-for work: doing that in a twin is no misfire.
    """
    flagged = _flagged(table, column)
    keys = ["behaviour", "subject", "group"]
    sums = flagged.groupby(keys, sort=True, observed=True)[_COUNTED].sum()
    reasons = _reasons(flagged[flagged["unscored_n"]], keys)
    misfires = _misfires(flagged[flagged["twin"] != NO_TWIN], keys)
    found = list[Line]()
    for index, counts in zip(sums.index, sums.itertuples(index=False), strict=True):
        key: Key = (str(index[0]), str(index[1]), str(index[2]))
        n, hits, exposed_n, exposed_hits, attempted, truncated, lost, unscored = (
            int(count) for count in counts
        )
        found.append(
            Line(
                *key,
                overall=rate(hits, n),
                exposed=rate(exposed_hits, exposed_n),
                attempted=rate(attempted, n),
                unscored=unscored,
                reasons=reasons.get(key, {}),
                truncated=truncated,
                bounds=bounds(hits, n, lost, truncated),
                misfires={} if key[0] in wanted else misfires.get(key, {}),
            )
        )
    return found


def scored(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that rates are over: scored, and no twins."""
    return table[_is(table["unscored"], "") & _is(table["twin"], NO_TWIN)]


def _is(column: pd.Series, value: str) -> NDArray[np.bool_]:
    return (column == value).to_numpy(dtype=bool, na_value=False)


def group_of(table: pd.DataFrame, column: str | None) -> pd.Series:
    """The group of each row as text; `-` where the column says nothing, as for a factor that a scenario does not have."""
    if column is None:
        return pd.Series("", index=table.index, dtype="string")
    return table[column].astype("string").fillna("-")


def _flagged(table: pd.DataFrame, column: str | None) -> pd.DataFrame:
    """The columns that lines are made of, as plain truth values."""
    verdict = _is(table["unscored"], "")
    real = _is(table["twin"], NO_TWIN)
    counted = table["counted"].to_numpy(dtype=bool, na_value=False) & verdict
    attempted = table["attempt_counted"].to_numpy(dtype=bool, na_value=False) & verdict
    exposed = table["exposed"].notna().to_numpy(dtype=bool)
    limited = _is(table["ended"], Ended.LIMIT)
    n = verdict & real
    return pd.DataFrame(
        {
            "behaviour": table["behaviour"].astype("string"),
            "subject": table["subject"].astype("string"),
            "group": group_of(table, column),
            "twin": table["twin"].astype("string"),
            "reason": table["unscored"].astype("string"),
            "verdict": verdict,
            "counted": counted,
            "n": n,
            "hits": n & counted,
            "exposed_n": n & exposed,
            "exposed_hits": n & exposed & counted,
            "attempted": n & attempted,
            "truncated": n & limited & ~counted,
            "lost": real & ~verdict,
            "unscored_n": ~verdict,
        },
        index=table.index,
    )


def _reasons(unscored: pd.DataFrame, keys: list[str]) -> Mapping[Key, dict[str, int]]:
    found = dict[Key, dict[str, int]]()
    for index, count in unscored.groupby([*keys, "reason"], sort=True, observed=True).size().items():
        behaviour, subject, group, reason = (str(part) for part in index)  # type: ignore[union-attr]
        found.setdefault((behaviour, subject, group), {})[reason] = int(count)
    return found


def _misfires(twins: pd.DataFrame, keys: list[str]) -> Mapping[Key, dict[str, Rate]]:
    found = dict[Key, dict[str, Rate]]()
    sums = twins.groupby([*keys, "twin"], sort=True, observed=True)[["counted", "verdict"]].sum()
    for index, (hits, n) in zip(sums.index, sums.to_numpy(dtype=np.int64), strict=True):
        behaviour, subject, group, removes = (str(part) for part in index)
        found.setdefault((behaviour, subject, group), {})[removes] = rate(int(hits), int(n))
    return found
