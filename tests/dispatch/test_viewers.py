"""Who has a call open sees who else has."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client

from agencies.models import Agency, Member
from calls.models import Call
from tests.fixtures import Valkey

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def open_call(client: Client, agency: Agency, call: Call) -> str:
    return client.get(f"/a/{agency.slug}/calls/{call.number}/").content.decode()


def test_sue_sees_that_dora_has_the_call_open_and_dora_that_sue_has(
    dora: Member, sue: Member, agency: Agency, take: Callable[..., Call], sign_in: SignIn
) -> None:
    call, doras = take(), sign_in(dora)
    assert sue.name not in open_call(doras, agency, call)
    assert f"Also open with {dora.name}" in open_call(sign_in(sue), agency, call)
    said = doras.get(f"/a/{agency.slug}/calls/{call.number}/viewers/").content.decode()
    assert f"Also open with {sue.name}" in said


def test_another_call_is_another_matter(
    dora: Member, sue: Member, agency: Agency, take: Callable[..., Call], sign_in: SignIn
) -> None:
    open_call(sign_in(dora), agency, take())
    assert "Also open with" not in open_call(sign_in(sue), agency, take(address="9 Elsewhere"))


def test_who_put_it_away_is_forgotten(
    dora: Member, sue: Member, agency: Agency, take: Callable[..., Call], sign_in: SignIn
) -> None:
    call = take()
    open_call(sign_in(dora), agency, call)
    cache.delete(f"open:call:{call.pk}:{dora.pk}")  # as it does by itself after half a minute
    assert "Also open with" not in open_call(sign_in(sue), agency, call)


def test_the_call_opens_while_valkey_is_away(
    dora: Member, agency: Agency, take: Callable[..., Call], sign_in: SignIn, valkey: Valkey
) -> None:
    call = take()
    valkey.stop()
    assert call.number in open_call(sign_in(dora), agency, call)
