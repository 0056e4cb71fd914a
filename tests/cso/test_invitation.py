"""An administrator lets a person in: a link, a password of the own choice, and the console is open."""

from io import StringIO

from django.core.management import call_command
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


def test_nobody_signs_up(ours: Company) -> None:
    answer = Client().post("/accounts/signup/", {"email": "eve@example.com", "password1": PASSWORD})
    assert answer.status_code == 200
    assert b"closed" in answer.content.lower()
