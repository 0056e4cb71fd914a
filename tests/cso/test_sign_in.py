"""Coming in by e-mail and password: who guesses is locked out, who is in stays in while Valkey is away."""

import pytest
from django.test import Client

from agencies.models import User
from tests.fixtures import Valkey

PASSWORD = "a long enough pass phrase"
GUESSES = 5
GUESSER, ELSEWHERE = "192.0.2.7", "192.0.2.8"


@pytest.fixture
def dora(db: None) -> User:
    return User.objects.create_user(email="dora@city.example", password=PASSWORD)


def sign_in(password: str, *, address: str = GUESSER, email: str = "dora@city.example") -> tuple[int, Client]:
    client = Client(REMOTE_ADDR=address)
    answer = client.post("/accounts/login/", {"login": email, "password": password})
    return answer.status_code, client


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_dora_comes_in_with_her_password(dora: User) -> None:
    status, client = sign_in(PASSWORD)
    assert status == 302
    assert is_in(client)
    assert "_messages" not in client.session, "no notice lies over the board that she came for"


def test_her_password_is_kept_with_argon2(dora: User) -> None:
    assert dora.password.startswith("argon2$")


def test_a_guesser_is_locked_out_even_with_the_right_password(dora: User) -> None:
    for _ in range(GUESSES):
        assert not is_in(sign_in("a guess")[1])
    status, client = sign_in(PASSWORD)
    assert status == 429
    assert not is_in(client)


def test_a_guesser_locks_out_neither_her_elsewhere_nor_others_beside_him(dora: User) -> None:
    User.objects.create_user(email="sue@city.example", password=PASSWORD)
    for _ in range(GUESSES):
        sign_in("a guess")
    assert is_in(sign_in(PASSWORD, address=ELSEWHERE)[1])
    assert is_in(sign_in(PASSWORD, email="sue@city.example")[1])


def test_the_guesses_are_counted_while_valkey_is_away(dora: User, valkey: Valkey) -> None:
    valkey.stop()
    for _ in range(GUESSES):
        sign_in("a guess")
    assert sign_in(PASSWORD)[0] == 429


def test_who_is_in_stays_in_while_valkey_is_away(dora: User, valkey: Valkey) -> None:
    _, client = sign_in(PASSWORD)
    valkey.stop()
    assert client.get("/accounts/password/change/").status_code == 200


def test_nobody_signs_up(db: None) -> None:
    client = Client()
    before = User.objects.count()
    client.post("/accounts/signup/", {"email": "rex@city.example", "password1": PASSWORD})
    assert User.objects.count() == before
