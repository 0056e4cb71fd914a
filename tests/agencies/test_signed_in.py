"""Who is signed in, and who is no longer."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agencies.models import Member

SignIn = Callable[..., Client]


def opens(client: Client, member: Member) -> bool:
    return client.get(reverse("board", args=[member.agency.slug])).status_code == 200


def test_dora_is_signed_in_until_her_shift_and_its_overtime_are_over(dora: Member, sign_in: SignIn) -> None:
    client = sign_in(dora)
    assert opens(client, dora)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not opens(client, dora)


def test_whoever_was_signed_out_elsewhere_is_signed_out(dora: Member, sign_in: SignIn) -> None:
    client = sign_in(dora)
    Session.objects.all().delete()
    assert not opens(client, dora)


def test_a_user_who_was_switched_off_is_nobody_at_once(dora: Member, sign_in: SignIn) -> None:
    client = sign_in(dora)
    type(dora.user).objects.filter(pk=dora.user_id).update(is_active=False)
    assert not opens(client, dora)


def test_another_password_ends_every_sign_in(dora: Member, sign_in: SignIn) -> None:
    client = sign_in(dora)
    dora.user.set_password("another long password")
    dora.user.save()
    assert not opens(client, dora)
