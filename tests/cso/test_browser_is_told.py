"""What every answer tells a browser, whoever asks."""

from collections.abc import Callable

from django.conf import settings
from django.test import Client

from agencies.models import Member
from calls.models import Call


def test_the_policy_allows_nothing_unsafe(client: Client) -> None:
    policy = client.get("/healthz").headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";") if rule.strip())
    assert "unsafe" not in policy
    assert (rules["script-src"], rules["style-src"], rules["connect-src"]) == ("'self'", "'self'", "'self'")
    assert rules["worker-src"] == "'self' blob:"
    assert rules["frame-ancestors"] == rules["object-src"] == rules["base-uri"] == "'none'"


def test_no_page_is_framed_or_guessed_at(client: Client) -> None:
    headers = client.get("/healthz").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_what_a_member_reads_stays_in_no_cache(
    dora: Member, take: Callable[..., Call], sign_in: Callable[..., Client], token_for: Callable[..., str]
) -> None:
    number, browser = take().number, sign_in(dora)
    bearer = {"Authorization": f"Bearer {token_for(dora, dora.role)}"}
    for answer in (
        browser.get(f"/a/{dora.agency.slug}/calls/{number}/"),
        browser.get(f"/a/{dora.agency.slug}/board/"),
        Client().get(f"/api/v1/calls/{number}", headers=bearer),
        Client().get("/api/v1/calls/none", headers=bearer),
    ):
        assert answer.headers["Cache-Control"] == "no-store", answer


def test_scripts_cannot_read_the_cookies() -> None:
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.CSRF_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"


def test_passwords_are_kept_with_argon2() -> None:
    assert settings.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.Argon2PasswordHasher", "as slow as Django's"
