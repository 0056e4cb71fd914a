"""Each template is proved as it is shipped, and needs each of its disqualifiers: bent in any way, the floor tells."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from calls.triage import rules
from calls.triage.authority import KnownType, Setting
from calls.triage.prove import prove
from tests.programmes.tables import SLUGS, floor_of, programme, rule_set_of

Item = dict[str, Any]


def setting_of(slug: str) -> Setting:
    city = programme(slug)
    types = tuple(KnownType(t.code, t.apco, t.category, t.priority) for t in city.types)
    return Setting(types, city.authority)


def removed(_: Item) -> list[Item]:
    return []


def flipped(item: Item) -> list[Item]:
    """It fires on the answer that clears the call."""
    when = item["when"]
    return [item | {"when": when | {"is": "no" if when["is"] == "yes" else not when["is"]}}]


def narrowed(item: Item) -> list[Item]:
    """It fires only by day."""
    return [item | {"when": {"all": [item["when"], {"field": "hour", "between": [6, 22]}]}}]


def bent() -> Iterator[Any]:
    for slug in SLUGS:
        for item in rule_set_of(slug).disqualifiers:
            for bend in (removed, flipped, narrowed):
                yield pytest.param(slug, item.id, bend, id=f"{slug}: {item.id} {bend.__name__}")


@pytest.mark.parametrize("slug", SLUGS)
def test_every_template_is_proved_as_it_is_shipped(slug: str) -> None:
    proof = prove(rule_set_of(slug), floor_of(slug), setting_of(slug))

    assert proof.as_dict() == {"proved": True, "failures": []}


@pytest.mark.parametrize(("slug", "identifier", "bend"), list(bent()))
def test_no_disqualifier_can_be_removed_flipped_or_narrowed(
    slug: str, identifier: str, bend: Callable[[Item], list[Item]]
) -> None:
    document = copy.deepcopy(dict(programme(slug).rule_set))
    kept = [[item] if item["id"] != identifier else bend(item) for item in document["disqualifiers"]]
    document["disqualifiers"] = [item for items in kept for item in items]

    proof = prove(rules.parse(document), floor_of(slug), setting_of(slug), one_is_enough=True)

    guard = identifier.replace("D-", "F-")
    first = proof.failures[0]
    assert (first.property, first.id) == ("floor", guard)
    assert first.counter_example is not None


def test_there_is_a_disqualifier_for_every_usual_danger_and_the_legal_matter() -> None:
    for slug in SLUGS:
        assert len(rule_set_of(slug).disqualifiers) == 9
        assert "D-legal_matter" in {item.id for item in rule_set_of(slug).disqualifiers}
