"""A decision that was stored in English is read in Spanish as it would have been said in Spanish."""

import pytest

from calls.triage import phrases, retold
from calls.triage.decide import decide
from calls.triage.phrases import say
from tests.programmes.tables import TABLES, floor_of, programme, rows, rule_set_of

NAMES = [{"en": "The caller's account changed", "es": "El relato de la persona cambió"}]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("cannot_say", [False, True])
def test_every_call_of_a_city_is_retold(table: str, cannot_say: bool) -> None:
    slug = TABLES[table]
    texts = retold.known(programme(slug).rule_set, programme(slug).floor)
    for row in rows(table):
        english, spanish = (
            decide(rule_set_of(slug), floor_of(slug), row.case, language=language, cannot_say=cannot_say)
            for language in ("en", "es")
        )
        assert [retold.retell(reason, "es", texts) for reason in english.reasons] == list(spanish.reasons)
        others = [a.because for a in spanish.alternatives]
        assert [retold.retell(a.because, "es", texts) for a in english.alternatives] == others


def test_what_a_person_did_is_retold_with_the_agencys_reason() -> None:
    chosen = say(phrases.CHOSEN, "en", who="Dora Ruiz", why="The caller's account changed")
    asked = say(phrases.ASKED_IN_DANGER, "en", who="Cole", to="sworn")

    texts = retold.known(names=NAMES)

    assert retold.retell(chosen, "es", texts) == "Dora Ruiz eligió esta vía: El relato de la persona cambió."
    assert retold.retell(asked, "es", texts) == "Cole pidió que la atienda un agente de policía por peligro."


def test_words_that_nobody_translated_stay_as_they_are() -> None:
    assert retold.retell("The bridge is out.", "es", retold.known()) == "The bridge is out."
