"""An administrator lets a person in: a link, a password of the own choice, and the console is open."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from agencies.models import Member
from agencies.scope import agency_scope
from tests.conftest import Company

PASSWORD = "seven-quiet-herons"


def invited(ours: Company, *roles: str) -> str:
    out = StringIO()
    options = [part for role in roles for part in ("--role", role)]
    call_command("invite", ours.agency.slug, "Ann@Example.com", "--name", "Ann Poe", *options, stdout=out)
    return out.getvalue().strip()


def test_ann_chooses_a_password_and_is_in(ours: Company) -> None:
    link, browser = invited(ours, "dispatcher"), Client()
    page = browser.get(link, follow=True)
    assert page.status_code == 200
    form = page.redirect_chain[-1][0]
    assert browser.post(form, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 302
    ann = Client()
    answer = ann.post("/accounts/login/", {"login": "ann@example.com", "password": PASSWORD})
    assert answer.status_code == 302
    assert ann.get(f"/a/{ours.agency.slug}/board/").status_code == 200


def test_the_link_works_once(ours: Company) -> None:
    link = invited(ours, "dispatcher")
    first = Client()
    form = first.get(link, follow=True).redirect_chain[-1][0]
    first.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    again = Client().get(link, follow=True)
    assert again.redirect_chain == []
    assert b"password1" not in again.content


def test_ann_may_hold_two_roles(ours: Company) -> None:
    invited(ours, "officer", "supervisor")
    with agency_scope(ours.agency.pk):
        assert Member.objects.get(email="ann@example.com").roles == ["officer", "supervisor"]


def test_the_link_is_one_that_can_be_sent_where_the_site_knows_its_name(ours: Company, settings: Any) -> None:  # noqa: ANN401
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.example.org", "https://console.example.org"]
    assert invited(ours, "dispatcher").startswith("https://console.example.org/accounts/password/")


@pytest.mark.parametrize("command", ["invite", "create_token"])
def test_somebody_without_an_address_is_not_let_in(command: str, ours: Company) -> None:
    name = ["--name", "Ann"] if command == "invite" else []
    with pytest.raises(CommandError, match="ann is not an e-mail address"):
        call_command(command, ours.agency.slug, "ann", *name, "--role", "dispatcher")
    with agency_scope(ours.agency.pk):
        assert not Member.objects.filter(name="Ann").exists()


@pytest.mark.parametrize(
    ("slug", "options"),
    [
        ("a" * 61, ["--name", "Newtown"]),
        ("newtown", ["--name", " "]),
        ("newtown", ["--name", "N" * 161]),
        ("newtown", ["--name", "Newtown", "--round-the-clock", "5" * 41]),
    ],
)
def test_an_agency_that_cannot_be_is_told_so_in_a_line(db: None, slug: str, options: list[str]) -> None:
    with pytest.raises(CommandError, match=r"at most"):
        call_command("create_agency", slug, *options, "--time-zone", "America/Denver")


def test_nobody_signs_up(ours: Company) -> None:
    answer = Client().post("/accounts/signup/", {"email": "eve@example.com", "password1": PASSWORD})
    assert answer.status_code == 200
    assert b"closed" in answer.content.lower()
