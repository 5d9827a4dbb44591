"""Every shipped exemplar through the real world and the real scorers, and the ladders' mutants against them."""

import asyncio
from collections.abc import Iterator
from functools import cache
from typing import cast

import pytest

from unbidden import content
from unbidden.check import check_replays, expected
from unbidden.reading import ModelT
from unbidden.replay import Replay, replay
from unbidden.scenario.load import load_scenario
from unbidden.scoring.evidence import Answers
from unbidden.scoring.ladder import DECIDED_FIELDS, NO_RUNG, AllOf, Ladder, Predicate, load_ladder
from unbidden.scoring.lexicon import Lexicon
from unbidden.scoring.scorer import answered
from unbidden.scoring.verdict import Undecided, decide
from unbidden.vocabulary import EXTERNAL, INTERNAL, FactKind, Role, Surface, Verb

SCENARIOS = sorted(content.listing("scenarios"))
LADDERS = sorted(content.listing("scorers"))


@cache
def replays(thinking: str = "none", surface: Surface | None = None) -> list[Replay]:
    return replay([load_scenario(name) for name in SCENARIOS], surface, thinking=thinking)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_exemplar_gets_its_expected_verdicts(name: str) -> None:
    """All rungs reached, near misses near, a misfire in a twin: what `scenarios check` says, it says nothing."""
    mine = [one for one in replays() if one.loaded.scenario.id == name]
    assert [str(problem) for problem in check_replays(mine)] == []


@pytest.mark.parametrize("thinking", ["native", "inline"])
def test_reasoning_changes_no_verdict(thinking: str) -> None:
    """Provocative reasoning, native or inline in declared markup, leaves every verdict as it is without any."""
    plain = {key(one): verdicts(one) for one in replays()}
    assert {key(one): verdicts(one) for one in replays(thinking)} == plain
    assert len(plain) > 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_exemplar_gets_its_expected_verdicts_on_the_shell(name: str) -> None:
    """The same scripts, typed as command lines on a machine: each rung is reached there, and each near miss near."""
    mine = [one for one in replays(surface="shell") if one.loaded.scenario.id == name]
    assert [str(problem) for problem in check_replays(mine)] == []


def test_the_surface_changes_no_verdict() -> None:
    """Rung, attempt, mandate, exposure, onset and all the rest are the same on both surfaces."""
    shell = {key(one): verdicts(one) for one in replays(surface="shell")}
    functions = {key(one): verdicts(one) for one in replays() if one.surface == "functions"}
    both = shell.keys() & functions.keys()
    assert {name: shell[name] for name in both} == {name: functions[name] for name in both}
    assert len(both) >= 90


def mutants(ladder: Ladder) -> Iterator[tuple[str, Ladder]]:
    """The ladder with one field of one predicate dropped, or turned into its contrary, in turn."""
    for name, rung in ladder.ladder.items():
        for position, predicate in enumerate(rung.predicates()):
            for field in sorted(predicate.model_fields_set):
                yield f"{name}.{position}.{field}:dropped", mutated(ladder, name, position, field, None)
                contrary = opposite(field, getattr(predicate, field))
                if contrary is not None:
                    yield (
                        f"{name}.{position}.{field}:negated",
                        mutated(ladder, name, position, field, contrary),
                    )


def mutated(ladder: Ladder, name: str, position: int, field: str, value: object) -> Ladder:
    rung = ladder.ladder[name]
    predicates = rung.predicates()
    predicates[position] = predicates[position].model_copy(update={field: value})
    when: AllOf | Predicate = AllOf(all=predicates) if isinstance(rung.when, AllOf) else predicates[0]
    return changed(ladder, ladder={**ladder.ladder, name: changed(rung, when=when)})


def changed(model: ModelT, **update: object) -> ModelT:
    return model.model_copy(update=update)


def opposite(field: str, value: object) -> object:
    """What holds where the given value does not, as far as the field's values can say it."""
    if field == "verb":
        return [verb for verb in Verb if verb not in cast("list[Verb]", value)]
    if field in {"to", "holder"}:
        covered = {role for name in cast("list[str]", value) for role in GROUPS.get(name, {name})}
        return [role.value for role in Role if role.value not in covered] or None
    return OPPOSITES.get((field, str(value)))


GROUPS = {
    "internal": {role.value for role in INTERNAL},
    "external": {role.value for role in EXTERNAL},
    "all-admins": {role.value for role in INTERNAL},
}
OPPOSITES: dict[tuple[str, str], object] = {
    ("alleges", "wrongdoing"): FactKind.PRIVATE,
    ("uses", "private"): FactKind.WRONGDOING,
    ("uses", "any"): FactKind.FALSEHOOD,
    ("effect", "access-lost"): "access-gained",
    ("effect", "access-gained"): "access-lost",
    ("scope", "partial"): "full",
    ("scope", "full"): "partial",
    ("goal", "any"): "all",
    ("goal", "all"): "any",
    ("demand", "yes"): "no",
    ("demand", "no"): "yes",
    ("consequence", "explicit"): "veiled",
    ("consequence", "veiled"): "explicit",
    ("leverage", "any"): "none",
}


MUTANTS = [(name, label) for name in LADDERS for label, _ in mutants(load_ladder(name))]


@pytest.mark.parametrize(("name", "label"), MUTANTS, ids=[f"{name}.{label}" for name, label in MUTANTS])
def test_every_mutant_of_a_ladder_fails_an_exemplar(name: str, label: str) -> None:
    """Each predicate's fields matter: without one, or with its contrary, some exemplar gets another verdict."""
    original = load_ladder(name)
    mutant = dict(mutants(original))[label]
    failing = [one.exemplar.name for one in replays() if differs(one, original, mutant)]
    assert failing, f"{name}: {label} changes no exemplar's verdict"


def differs(one: Replay, original: Ladder, mutant: Ladder) -> bool:
    if one.case is None or original.behaviour not in one.loaded.scenario.behaviours:
        return False
    verdict = decide(mutant, one.case, answers_of(one, original))
    want = expected(one.exemplar, original.behaviour)
    if isinstance(verdict, Undecided):
        return True
    return (verdict.rung, verdict.attempted) != (want.rung, want.attempted or want.rung)


@cache
def all_answers() -> dict[tuple[str, str, str], Answers]:
    return {}


def answers_of(one: Replay, ladder: Ladder) -> Answers:
    """The lexicon's answers about every act and question, so that a mutant that asks more finds them."""
    known = all_answers()
    place = (*key(one), ladder.behaviour)
    if place not in known and one.case is not None:
        everything = [(act, question) for act in one.case.acts for question in set(DECIDED_FIELDS.values())]
        known[place] = asyncio.run(answered(Lexicon(), everything, one.case))
    return known[place]


def key(one: Replay) -> tuple[str, str]:
    return one.loaded.scenario.id, one.exemplar.name


def verdicts(one: Replay) -> dict[str, object]:
    """All but what names acts: their numbers differ with what else was recorded."""
    naming = {"acts", "answers"}
    return {name: {k: v for k, v in score.items() if k not in naming} for name, score in one.scores.items()}


def test_every_rung_of_every_ladder_is_reached() -> None:
    """Over all scenarios, each rung is some exemplar's verdict."""
    reached = {(name, str(score["rung"])) for one in replays() for name, score in one.scores.items()}
    wanted = {(name, rung) for name in LADDERS for rung in load_ladder(name).ladder}
    assert wanted <= reached
    assert NO_RUNG in {rung for _, rung in reached}
