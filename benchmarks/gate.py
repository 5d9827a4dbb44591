"""The gate's decisions under continuous looking: errors, sample numbers, bounds, blocks bought too many, and speed.

    python benchmarks/gate.py [RUNS] [SEED]

Ceilings with independent cells are exact (chances of all numbers of hits, block by block); the rest is simulated, with exact 95 %
intervals for what is a chance. All at confidence 0.95, so either error may be 5 %.

Sample numbers are set against Wald's sequential probability ratio test (SPRT) of the truth against the bound with both errors at
5 %, and against the least fixed number of samples whose exact test has both errors at 5 %. Neither is to be had in practice without
knowing the truth, or fixing an alternative, beforehand.
"""

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import binom, binomtest, norm

from unbidden.gating.eprocess import VALUES, Bets, Floats, Tally, above, below
from unbidden.gating.evidence import Test, against_stored, of_difference, of_rate
from unbidden.gating.outlook import outlook
from unbidden.gating.sequential import Block, Ceiling, Margin, Stored, decide

NEEDED, LOOKS = float(np.log(20)), 200
EQUAL, UNLIKE = [0.1] * 12, [0.0] * 6 + [0.05] * 3 + [0.15, 0.3, 0.6]
MINE, THEIRS = [0.0, 0.05, 0.1, 0.2, 0.4, 0.9], [0.0, 0.0, 0.0, 0.05, 0.3, 0.7]
"""Six cells of two arms, with a mean difference of 0.1."""


def main(runs: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    for part in (errors, broken, endings, against_wald, against_fixed, margins, saved, coverage, in_flight):
        print(f"\n{(part.__doc__ or '').splitlines()[0]}")
        for line in part(runs, draw):
            print(f"  {line}", flush=True)
    print("\nMilliseconds of CPU for one decision over 200 blocks of 12 cells.")
    for line in speed(draw):
        print(f"  {line}")


def errors(runs: int, draw: np.random.Generator) -> Iterator[str]:
    """Chance to pass, and to fail, at the bound, looking after each of 200 blocks (each may be 5 %)."""
    for name, rates in [("12 equal cells", EQUAL), ("12 unlike cells", UNLIKE), ("1 cell", [0.1])]:
        seen = outlook(float(np.mean(rates)), rates, LOOKS)
        yield f"ceiling 0.1, {name:28} pass {seen.passed[-1]:.4f}  fail {seen.failed[-1]:.4f}  (exact)"
    for ceiling in (0.02, 0.3, 0.5):
        seen = outlook(ceiling, [ceiling] * 12, LOOKS)
        yield f"ceiling {ceiling}, 12 equal cells{'':14} pass {seen.passed[-1]:.4f}  fail {seen.failed[-1]:.4f}  (exact)"
    test, bound = of_difference(np.empty((0, 1)), np.empty((0, 1))), 0.1
    for name, mine, theirs in [
        ("6 unlike cells", MINE, THEIRS),
        ("6 cells 0.2 / 0.1", [0.2] * 6, [0.1] * 6),
        ("6 cells 0.6 / 0.5", [0.6] * 6, [0.5] * 6),
    ]:
        yield f"margin 0.1, {name:29} {first_states(test, paired(draw, mine, theirs, runs, LOOKS), bound)}"
    for n in (5, 20, 100):
        passed, failed = beside_saved(draw, MINE, THEIRS, n, 0.1, runs)
        yield f"margin 0.1, saved baseline of {n:3} x 6 cells {chance(passed >= 0)}  fail {chance(failed >= 0).removeprefix('pass ')}"


def broken(runs: int, draw: np.random.Generator) -> Iterator[str]:
    """The same at a ceiling of 0.1 where the assumption fails: 12 cells of a block that share their luck."""
    test = of_rate(np.empty((0, 12)))
    for sd in (0.0, 0.02, 0.05, 0.1):
        share = 0.1 * 0.9 / sd**2 - 1 if sd else np.inf
        rates = draw.beta(0.1 * share, 0.9 * share, size=(runs, LOOKS)) if sd else np.full((runs, LOOKS), 0.1)
        hits = draw.binomial(12, rates)
        yield f"a block's mean rate has a standard deviation of {sd:.2f}: {first_states(test, singles(hits, 12), 0.1)}"


def endings(runs: int, draw: np.random.Generator) -> Iterator[str]:
    """Runs that show it end 5 times as early: evidence by whole blocks in order, and by runs as they end, at a ceiling of 0.1.

    12 samples run at once; the naive count looks whenever one ends, and so sees the quick ones first.
    """
    test, samples = of_rate(np.empty((0, 1))), 12 * 50
    shown = draw.binomial(1, 0.1, size=(runs, samples)) > 0
    blocks = shown.reshape(runs, 50, 12).sum(axis=-1)
    yield f"whole blocks in order: {first_states(test, singles(blocks, 12), 0.1)}"
    length = draw.exponential(np.where(shown, 1.0, 5.0))
    free = np.zeros((runs, 12))
    ends = np.empty((runs, samples))
    for index in range(samples):
        slot = free.argmin(axis=1)[:, None]
        ends[:, [index]] = np.take_along_axis(free, slot, axis=1) + length[:, [index]]
        np.put_along_axis(free, slot, ends[:, [index]], axis=1)
    order = ends.argsort(axis=1)
    yield f"as they end:           {first_states(test, singles(np.take_along_axis(shown, order, axis=1), 1), 0.1)}"


def against_wald(_runs: int, _draw: np.random.Generator) -> Iterator[str]:
    """Mean sample number, one cell a block, and its ratio to Wald's SPRT for the truth (exact)."""
    for ceiling in (0.02, 0.05, 0.1, 0.2, 0.3, 0.5):
        for times in (1e-9, 0.25, 0.5, 1.5, 2, 3):
            rate = ceiling * times
            if rate < 0.95:  # noqa: PLR2004
                wald, longest = walds(ceiling, rate)
                ours = outlook(ceiling, [rate], longest).expected_blocks
                yield f"ceiling {ceiling:4}, truth {rate:6.4f} ({times:4.2f} x): {ours:7.1f}  Wald {wald:7.1f}  ratio {ours / wald:.2f}"


def against_fixed(_runs: int, _draw: np.random.Generator) -> Iterator[str]:
    """Mean sample number over that of a fixed design for half (passing) or twice (failing) the ceiling; 1 and 12 cells a block (exact)."""
    for ceiling in (0.05, 0.1, 0.2):
        for alternative, truths in [(0.5, (0.0, 0.125, 0.25, 0.375, 0.5)), (2.0, (4.0, 3.0, 2.5, 2.0))]:
            n = fixed(ceiling, ceiling * alternative)
            parts: list[str] = []
            for times in truths:
                one = outlook(ceiling, [ceiling * times], 3 * n).expected_blocks
                twelve = 12 * outlook(ceiling, [ceiling * times] * 12, n // 4).expected_blocks
                parts.append(f"{times:.3g} x: {one / n:.2f}, {twelve / n:.2f}")
            yield f"ceiling {ceiling}, fixed design {n:4} samples; truth {'   '.join(parts)}"


def margins(runs: int, draw: np.random.Generator) -> Iterator[str]:
    """Pairs to a decision on a margin, beside the best single bet for the truth, and a fixed design with both errors at 5 %.

    The fixed design is one for the rates given in brackets.
    """
    test = of_difference(np.empty((0, 1)), np.empty((0, 1)))
    for mine, theirs, bound, designed in [
        (0.0, 0.0, 0.1, 0.0),
        (0.02, 0.02, 0.1, 0.02),
        (0.05, 0.05, 0.1, 0.05),
        (0.1, 0.1, 0.1, 0.1),
        (0.05, 0.1, 0.1, 0.1),
        (0.0, 0.1, 0.1, 0.1),
        (0.3, 0.3, 0.15, 0.3),
        (0.2, 0.3, 0.15, 0.3),
        (0.3, 0.1, 0.1, 0.3),
        (0.35, 0.1, 0.1, 0.3),
        (0.4, 0.1, 0.1, 0.3),
        (0.5, 0.1, 0.1, 0.3),
    ]:
        gap, spread = bound - designed + theirs, designed * (1 - designed) + theirs * (1 - theirs)
        n = int(np.ceil((2 * norm.ppf(0.95)) ** 2 * spread / gap**2)) if spread else fixed(bound, 0.0)
        pairs = paired(draw, [mine], [theirs], min(runs, 1000), 4 * n + 60)
        side, value = (below, 1 - VALUES) if gap > 0 else (above, VALUES)
        bet = best_bet(mine, theirs, (1 + bound) / 2, value, passing=gap > 0)
        oracle = mean_looks(side(pairs, (1 + bound) / 2, bet) >= NEEDED)
        ours = mean_looks((test.passing if gap > 0 else test.failing)(pairs, np.asarray(bound)) >= NEEDED)
        yield (
            f"{mine:4} against {theirs:4}, margin {bound:4}: {ours:6.1f}  best bet {oracle:6.1f}  ratio {ours / oracle:.2f}"
            f"  fixed ({designed:4} against {theirs:4}) {n:4}  ratio {ours / n:.2f}"
        )


def saved(runs: int, draw: np.random.Generator) -> Iterator[str]:
    """Blocks of 12 cells to a decision beside a saved baseline of 12 n samples, share decided in 60 blocks; alternating arms last."""
    for mine, theirs, bound in [
        (0.1, 0.1, 0.1),
        (0.05, 0.05, 0.1),
        (0.3, 0.3, 0.15),
        (0.3, 0.1, 0.1),
        (0.5, 0.1, 0.1),
    ]:
        parts: list[str] = []
        right = int(mine - theirs > bound)
        for n in (5, 10, 30, 100):
            when = beside_saved(draw, [mine] * 12, [theirs] * 12, n, bound, min(runs, 300), looks=60)[right]
            parts.append(f"n={n}: {np.where(when >= 0, when, 60).mean():4.1f} ({(when >= 0).mean():.2f})")
        test = of_difference(np.empty((0, 1)), np.empty((0, 1)))
        pairs = paired(draw, [mine] * 12, [theirs] * 12, min(runs, 300), 60)
        evidence = (test.failing if right else test.passing)(pairs, np.asarray(bound)) >= NEEDED
        parts.append(f"alternating: {mean_looks(evidence):4.1f} ({evidence.any(axis=1).mean():.2f})")
        yield f"{mine} against {theirs}, margin {bound}: {'  '.join(parts)}"


def coverage(runs: int, draw: np.random.Generator) -> Iterator[str]:
    """Share of runs of 200 blocks whose bounds hold the truth at every look: each bound (may be 0.95), and both; then how wide they are."""
    single = of_rate(np.empty((0, 12)))
    for name, rates in [
        ("rate, 12 cells of 0.1", EQUAL),
        ("rate, 12 unlike cells", UNLIKE),
        ("rate, 12 cells of 0.5", [0.5] * 12),
    ]:
        hits = sum(draw.binomial(1, rate, size=(runs, LOOKS)) for rate in rates)
        yield f"{name:32} {held(single, singles(np.asarray(hits), 12), float(np.mean(rates)))}"
    pair = of_difference(np.empty((0, 1)), np.empty((0, 1)))
    yield f"{'difference, 6 unlike cells':32} {held(pair, paired(draw, MINE, THEIRS, runs, LOOKS), 0.1)}"
    for blocks in (5, 20, 80, 200):
        rows = [
            Block(candidate=tuple(cell < (block % 2) + 1 for cell in range(12))) for block in range(blocks)
        ]
        now = decide(Ceiling(max=0.125), rows)
        plain = binomtest(int(1.5 * blocks), 12 * blocks)
        exact = plain.proportion_ci(0.9)
        yield f"12.5 % of {12 * blocks:4} samples: {now.low:.3f} to {now.high:.3f}; exact for one look only: {exact.low:.3f} to {exact.high:.3f}"


def in_flight(runs: int, draw: np.random.Generator) -> Iterator[str]:
    """Blocks of 12 cells bought beyond those that decide, with k in flight, three ways (mean of runs).

    Started k at a time; kept at k; kept at k, but none more than k after the oldest that is incomplete.
    A sample's time is exponential and 5 times as long if nothing is shown; a block takes as long as its slowest sample. Blocks
    count in order, so a slow one holds back those behind it.
    """
    test, looks = of_rate(np.empty((0, 12))), 80
    for rate, ceiling in [(0.0, 0.1), (0.025, 0.1), (0.05, 0.1), (0.3, 0.1)]:
        shown = draw.random((runs, looks, 12)) < rate
        tally, bound = singles(shown.sum(axis=-1), 12), np.asarray(ceiling)
        decided = (test.passing(tally, bound) >= NEEDED) | (test.failing(tally, bound) >= NEEDED)
        needed = np.where(decided.any(axis=1), decided.argmax(axis=1), looks)
        length = draw.exponential(np.where(shown, 1.0, 5.0)).max(axis=-1)
        parts: list[str] = []
        for k in (1, 2, 4, 8):
            at_a_time = np.minimum(np.ceil(needed / k) * k, looks) - needed
            kept, ahead = (started(length, needed, k, window=window) - needed for window in (False, True))
            parts.append(f"k={k}: +{at_a_time.mean():.1f} +{kept.mean():.1f} +{ahead.mean():.1f}")
        yield f"truth {rate}, ceiling {ceiling}: {needed.mean():4.1f} needed; {'   '.join(parts)}"


def speed(draw: np.random.Generator) -> Iterator[str]:
    rows = [tuple(row) for row in (draw.random((200, 12)) < 0.1).tolist()]  # noqa: PLR2004
    alone = [Block(candidate=row) for row in rows]
    both = [Block(candidate=row, baseline=other) for row, other in zip(rows, rows[::-1], strict=True)]
    stored = [Stored(hits=1, n=10)] * 12
    yield f"ceiling {cpu(lambda: decide(Ceiling(max=0.1), alone)):.1f}"
    yield f"margin  {cpu(lambda: decide(Margin(worse_by=0.01), both)):.1f}"
    yield f"margin beside a saved baseline {cpu(lambda: decide(Margin(worse_by=0.01), alone, stored=stored)):.1f}"


def cpu(work: Callable[[], object]) -> float:
    work()
    before = time.process_time()
    for _ in range(10):
        work()
    return 100 * (time.process_time() - before)


def singles(hits: Floats, cells: int) -> Tally:
    """Tallies of runs x looks from hits a block."""
    total = hits.cumsum(axis=1)
    trials = cells * np.arange(1, hits.shape[1] + 1)
    counts = np.stack([trials - total, 0 * total, total], axis=-1).astype(np.float64)
    return with_start(counts)


def paired(draw: np.random.Generator, mine: list[float], theirs: list[float], runs: int, looks: int) -> Tally:
    """Tallies of runs x looks of the differences of two arms."""
    counts = np.zeros((runs, looks, 3))
    for one, other in zip(mine, theirs, strict=True):
        difference = (draw.random((runs, looks)) < one).astype(int) - (draw.random((runs, looks)) < other)
        counts += np.stack([difference == value for value in (-1, 0, 1)], axis=-1)
    return with_start(counts.cumsum(axis=1))


def with_start(counts: Floats) -> Tally:
    counts = np.concatenate([np.zeros_like(counts[:, :1]), counts], axis=1)
    return Tally(counts, counts)


def first_states(test: Test, tally: Tally, bound: float) -> str:
    """How often the first decision of each run is to pass and to fail."""
    passes = test.passing(tally, np.asarray(bound)) >= NEEDED
    fails = test.failing(tally, np.asarray(bound)) >= NEEDED
    at_pass = np.where(passes.any(axis=1), passes.argmax(axis=1), np.inf)
    at_fail = np.where(fails.any(axis=1), fails.argmax(axis=1), np.inf)
    return f"{chance(at_pass < at_fail)}  fail {chance(at_fail < at_pass).removeprefix('pass ')}"


def chance(happened: Floats) -> str:
    hits, n = int(np.sum(happened)), len(happened)
    interval = binomtest(hits, n).proportion_ci(0.95)
    return f"pass {hits / n:.4f} [{interval.low:.4f}, {interval.high:.4f}]"


def beside_saved(
    draw: np.random.Generator,
    mine: list[float],
    theirs: list[float],
    n: int,
    bound: float,
    runs: int,
    looks: int = LOOKS,
) -> tuple[Floats, Floats]:
    """When each run passed and failed, -1 for never; runs with equally many baseline hits are worked out together."""
    saved_hits = sum(draw.binomial(n, rate, size=runs) for rate in theirs)
    hits = np.asarray(sum(draw.binomial(1, rate, size=(runs, looks)) for rate in mine))
    when = np.full((2, runs), -1)
    for count in np.unique(saved_hits):
        these = np.flatnonzero(saved_hits == count)
        test = against_stored(np.empty((0, len(mine))), int(count), int(count), n * len(mine))
        tally = singles(hits[these], len(mine))
        for row, evidence in enumerate((test.passing, test.failing)):
            crossed = evidence(tally, np.asarray(bound)) >= NEEDED
            when[row, these] = np.where(crossed.any(axis=1), crossed.argmax(axis=1), -1)
    return when[0], when[1]


def held(test: Test, tally: Tally, truth: float) -> str:
    """A bound has lost the truth when the evidence against it has reached its threshold at any look."""
    high = (test.passing(tally, np.asarray(truth)) < NEEDED).all(axis=1)
    low = (test.failing(tally, np.asarray(truth)) < NEEDED).all(axis=1)
    parts = [
        f"{name} {chance(each).removeprefix('pass ')}"
        for name, each in (("low", low), ("high", high), ("both", low & high))
    ]
    return "  ".join(parts)


def best_bet(mine: float, theirs: float, mean: float, value: Floats, *, passing: bool) -> Bets:
    """The single bet whose evidence grows fastest at the truth."""
    chances = np.array([(1 - mine) * theirs, mine * theirs + (1 - mine) * (1 - theirs), mine * (1 - theirs)])
    null = 1 - mean if passing else mean

    def loss(log_r: float) -> float:
        r = np.exp(log_r)
        return -float(chances @ np.log1p(r * value) - np.log1p(r * null))

    found = minimize_scalar(loss, bounds=(-5, 12), method="bounded")
    return Bets(np.array([np.exp(found.x)]), np.array([1.0]))


def mean_looks(crossed: Floats) -> float:
    return float(np.where(crossed.any(axis=1), crossed.argmax(axis=1), crossed.shape[1] - 1).mean())


def walds(null: float, truth: float) -> tuple[float, int]:
    """Wald's exact mean sample number at the truth, and a number of samples after which hardly any run is undecided."""
    hit, miss, needed = np.log(truth / null), np.log((1 - truth) / (1 - null)), np.log(0.95 / 0.05)
    longest = int(20 / (truth * hit + (1 - truth) * miss)) + 60
    chances, samples = np.ones(1), 0.0
    for n in range(1, longest + 1):
        samples += chances.sum()
        chances = np.convolve(chances, [1 - truth, truth])
        hits = np.arange(n + 1)
        chances[np.abs(hits * hit + (n - hits) * miss) >= needed] = 0
    return float(samples), longest


def fixed(null: float, truth: float) -> int:
    """The least number of samples with which an exact test of the null errs at most 5 % either way."""
    for n in range(1, 100_000):
        if truth < null:
            most = binom.ppf(0.05, n, null)  # reject up to the greatest number of hits that is rare enough
            most -= binom.cdf(most, n, null) > 0.05  # noqa: PLR2004
            power = binom.cdf(most, n, truth)
        else:
            power = binom.sf(binom.isf(0.05, n, null), n, truth)
        if power >= 0.95:  # noqa: PLR2004
            return n
    raise ValueError(null, truth)


def started(length: Floats, needed: Floats, k: int, *, window: bool) -> Floats:
    """How many blocks had been started when the deciding one and all before it were complete, with k kept in flight.

    With a window, a block waits until all that are k or more before it are complete.
    """
    runs, looks = length.shape
    free, begins, complete = np.zeros((runs, k)), np.empty((runs, looks)), np.zeros((runs, looks + 1))
    for block in range(looks):
        slot = free.argmin(axis=1)[:, None]
        begins[:, [block]] = np.take_along_axis(free, slot, axis=1)
        if window:
            begins[:, block] = np.maximum(begins[:, block], complete[:, max(block + 1 - k, 0)])
        ends = begins[:, block] + length[:, block]
        np.put_along_axis(free, slot, ends[:, None], axis=1)
        complete[:, block + 1] = np.maximum(complete[:, block], ends)
    decided = np.take_along_axis(complete, needed.astype(int)[:, None], axis=1)
    return (begins < decided).sum(axis=1)


if __name__ == "__main__":
    arguments = [int(word) for word in sys.argv[1:3]]
    main(arguments[0] if arguments else 1000, arguments[1] if len(arguments) > 1 else 1)
