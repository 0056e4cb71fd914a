"""The doctor finds what is really wrong, names only that, and says what to do."""

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.management import call_command
from django.utils import timezone

from agencies import doors
from agencies.actions import add_member
from agencies.models import Agency, Member
from agencies.roles import Role
from agencies.scope import agency_scope
from calls.models import Call
from cso import doctor
from cso.doctor import surroundings
from cso.doctor.findings import Finding
from dispatch.actions import ShiftOrder, plan_shift
from dispatch.models import Unit
from ledger import heartbeats
from ledger.models import Cursor, Deadline, Delivery, Heartbeat
from tests.database import room
from tests.fixtures import Database, Valkey, free_port
from tests.room import ROOT

Take = Callable[..., Call]
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def well(agency: Agency, dora: Member, settings: Any, tmp_path: Path) -> None:  # noqa: ANN401 pytest-django's
    """An installation in which nothing is wrong."""
    heartbeats.beat("clock", "worker", "beat", now=timezone.now())
    settings.SECRET_KEY = "a word of which nobody has heard, and 53 letters long"
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    settings.BACKUP_DIR = tmp_path


def found(now: datetime | None = None) -> dict[str, str]:
    """What is wrong: the part, and what is said about it."""
    findings = [f for f in doctor.examine(now or timezone.now()) if f.level == "wrong"]
    assert all(finding.do for finding in findings), "whoever is told what is wrong is told what to do"
    assert len({finding.part for finding in findings}) == len(findings)
    return {finding.part: finding.says for finding in findings}


def only(part: str, says: str, now: datetime | None = None) -> bool:
    """Nothing but this is wrong."""
    wrong = found(now)
    return list(wrong) == [part] and says in wrong[part]


def silent(name: str, *, seconds: int) -> None:
    Heartbeat.objects.filter(name=name).update(at=timezone.now() - timedelta(seconds=seconds))


def ask_in_vain(**environment: str) -> dict[str, dict[str, str]]:
    """The command, in an environment in which something is wrong. Answers all findings by part."""
    asked = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"], cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | environment, timeout=100,
    )  # fmt: skip
    assert asked.returncode == 1, asked.stderr
    return {finding["part"]: finding for finding in json.loads(asked.stdout)["findings"]}


def test_a_sound_installation_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("doctor")
    assert "\n0 wrong" in capsys.readouterr().out


def test_the_command_says_what_is_wrong_and_what_to_do_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    silent("beat", seconds=40)
    with pytest.raises(SystemExit) as end:
        call_command("doctor", no_color=True)
    assert end.value.code == 1
    said = capsys.readouterr().out
    assert "wrong beat: Beat has not knocked for 40 s" in said
    assert "-> Start it again" in said


# --- The machinery ----------------------------------------------------------------------------------------------


def test_a_dead_valkey_is_found_and_what_still_works(valkey: Valkey) -> None:
    valkey.stop()
    assert only("valkey", "Calls are taken and clocks fire all the same")


def test_a_dead_worker_is_told_from_a_dead_clock() -> None:
    silent("worker", seconds=60)
    assert only("worker", "The web process fires the clocks meanwhile")
    silent("clock", seconds=60)
    wrong = found()
    assert wrong.keys() == {"worker", "clock"}
    assert "Nobody watches the clocks" in wrong["clock"]
    assert "fires the clocks meanwhile" not in wrong["worker"]


def test_a_dead_beat_is_told_from_a_dead_worker() -> None:
    silent("beat", seconds=60)
    assert only("beat", "not knocked for 60 s")
    silent("worker", seconds=60)
    assert "waiting for beat" in found()["worker"]


# --- PostgreSQL -------------------------------------------------------------------------------------------------


def test_a_database_that_is_away_is_one_finding_and_the_rest_is_looked_at() -> None:
    seen = ask_in_vain(DATABASE_URL=f"postgresql://cso_app@127.0.0.1:{free_port()}/cso")
    assert seen["database"]["level"] == "wrong"
    assert seen["valkey"]["level"] == seen["disk"]["level"] == "ok"
    assert "worker" not in seen


def test_a_role_that_sees_through_the_walls_is_found(database: Database) -> None:
    seen = ask_in_vain(DATABASE_URL=database.room.url("postgres"))
    assert "superuser" in seen["walls"]["says"]


def test_a_database_without_tables_is_found(database: Database) -> None:
    name = room.database("empty")
    room.create(name)
    seen = ask_in_vain(DATABASE_URL=room.url("cso_app", name=name))
    assert "Migrations that are not applied" in seen["migrations"]["says"]
    assert "migrate" in seen["migrations"]["do"]


def test_a_table_without_its_wall_is_found(database: Database) -> None:
    with database.owner() as owner:
        owner.execute("ALTER TABLE calls_note NO FORCE ROW LEVEL SECURITY")
        try:
            assert only("walls", "The table calls_note has no wall")
        finally:
            owner.execute("ALTER TABLE calls_note FORCE ROW LEVEL SECURITY")


def test_a_migration_that_is_missing_and_one_too_many_are_found(database: Database) -> None:
    with database.owner() as owner:
        last = "app = 'ledger' AND name = (SELECT max(name) FROM django_migrations WHERE app = 'ledger')"
        [(pk,)] = owner.execute(f"UPDATE django_migrations SET app = 'gone' WHERE {last} RETURNING id").fetchall()
        try:
            wrong = [f.says for f in doctor.examine(timezone.now()) if f.part == "migrations"]
        finally:
            owner.execute("UPDATE django_migrations SET app = 'ledger' WHERE id = %s", [pk])
    missing, newer = wrong
    assert "that are not applied: 1, ledger." in missing
    assert "newer than this code: it has gone." in newer


def test_too_few_connections_for_the_web_processes_are_found(settings: Any) -> None:  # noqa: ANN401
    settings.WEB_PROCESSES = 20
    assert only("connections", "20 web processes may want")


def test_a_log_that_would_hold_rows_is_found(database: Database) -> None:
    with database.superuser() as superuser:
        here = f"ALTER ROLE cso_app IN DATABASE {database.room.database()}"
        superuser.execute(f"{here} SET log_error_verbosity = 'default'")
        try:
            seen = ask_in_vain(DATABASE_URL=database.room.url("cso_app"))
        finally:
            superuser.execute(f"{here} RESET log_error_verbosity")
    assert "residents' words" in seen["log"]["says"]


def test_clocks_that_disagree_are_found() -> None:
    assert "disagree about the time by 60 s" in found(timezone.now() + MINUTE)["time"]


# --- Agencies ---------------------------------------------------------------------------------------------------


def test_deadlines_that_nobody_swept_are_found(take: Take) -> None:
    call = take(answers={})
    Deadline.objects.filter(call_id=call.pk, kind="undecided").update(due_at=timezone.now() - 3 * MINUTE)
    assert only("agency san-jose", "that nobody has swept: 1, the oldest for 3 min")


@pytest.mark.parametrize(
    ("state", "next_in", "attempts", "said"),
    [
        ("failed", MINUTE, 10, "could not be delivered in the last two days: 1, the last by email (550)"),
        ("waiting", -10 * MINUTE, 0, "wait, and nobody tries to send them: 1"),
        ("waiting", 10 * MINUTE, 4, "were tried in vain: 1 (550)"),
    ],
)
def test_messages_that_do_not_get_out_are_found(
    agency: Agency, state: str, next_in: timedelta, attempts: int, said: str
) -> None:
    values = {"channel": "email", "address": "night@san-jose.example", "message": "x", "fault": "550"}
    Delivery.objects.create(state=state, next_at=timezone.now() + next_in, attempts=attempts, **values)
    assert only("agency san-jose", said)


def test_a_hole_in_the_ledger_is_found(agency: Agency, take: Take) -> None:
    take()
    Cursor.objects.filter(agency=agency).update(last_seq=99)
    assert only("agency san-jose", "counter at 99: events are missing")


def test_an_agency_without_rules_is_found(database: Database) -> None:
    with database.superuser() as server:
        server.execute("SET session_replication_role = replica")
        server.execute("UPDATE calls_ruleset SET status = 'retired'")
    assert only("agency san-jose", "no published rule set: every call goes to sworn")


def test_an_agency_without_a_dispatcher_is_found(dora: Member) -> None:
    Member.objects.filter(pk=dora.pk).update(active=False)
    assert only("agency san-jose", "has no dispatcher")


def about_the_new_town(level: str = "note") -> list[Finding]:
    return [f for f in doctor.examine(timezone.now()) if (f.part, f.level) == ("agency newtown", level)]


def test_what_a_new_agency_lacks_is_a_step_with_its_command_and_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    zone = ("--time-zone", "America/Denver")
    call_command("create_agency", "newtown", "--name", "Newtown", *zone, "--template", "eugene")
    people, number = about_the_new_town()
    assert found() == {}
    assert people.says == "Newtown is made and has nobody yet: let its people in."
    assert people.do.endswith("manage.py invite newtown EMAIL --name NAME --role dispatcher")
    assert "has no 24-hour number" in number.says, "the template's is invented"
    call_command("round_the_clock", "newtown", "541-555-0100")
    for role in ("dispatcher", "officer", "supervisor", "administrator"):
        call_command("invite", "newtown", f"{role}@newtown.example", "--name", "Ann", "--role", role)
    assert about_the_new_town() == []


def test_what_a_new_agency_lacks_is_a_fault_from_its_first_shift_on(now: datetime) -> None:
    call_command("create_agency", "newtown", "--name", "Newtown", "--time-zone", "America/Denver")
    with agency_scope(doors.agency_by_slug("newtown") or 0):
        add_member(email="ada@newtown.example", name="Ada", roles=[Role.ADMINISTRATOR])
        plan_shift(ShiftOrder("Day", now, now + DAY), by=None, now=now)
    says = [finding.says for finding in about_the_new_town("wrong")]
    assert any("no dispatcher" in line for line in says)
    assert any("no 24-hour number" in line for line in says)


def test_an_agency_without_units_is_found(database: Database) -> None:
    with database.superuser() as server:
        server.execute("SET session_replication_role = replica")
        server.execute("DELETE FROM dispatch_unit")
    assert not Unit.objects.exists()
    assert only("agency san-jose", "has no units")


def test_an_agency_without_a_number_and_one_in_no_zone_are_found(agency: Agency) -> None:
    Agency.objects.filter(pk=agency.pk).update(round_the_clock_number="")
    assert only("agency san-jose", "no 24-hour number")
    Agency.objects.filter(pk=agency.pk).update(round_the_clock_number="408-555-0100", time_zone="Atlantis/Poseidon")
    assert only("agency san-jose", "Atlantis/Poseidon")


# --- Settings, certificate, disk, backups -----------------------------------------------------------------------


def test_a_short_key_and_a_demo_on_a_real_site_are_found(settings: Any) -> None:  # noqa: ANN401
    settings.SECRET_KEY = "short"
    assert only("settings", "SECRET_KEY")
    said = _about_settings(settings, INSECURE_HTTP=False, DEMO=True)
    assert any("anybody who opens the sign-in page gets in" in line for line in said)
    assert any("ALLOWED_HOSTS names nobody but this machine" in line for line in said)
    assert any("SECURE_HSTS_SECONDS" in line for line in said)
    assert any("takes every name" in line for line in _about_settings(settings, ALLOWED_HOSTS=["*"]))


def _about_settings(settings: Any, **values: object) -> list[str]:  # noqa: ANN401
    for name, value in values.items():
        setattr(settings, name, value)
    return [f.says for f in surroundings.look(timezone.now()) if (f.part, f.level) == ("settings", "wrong")]


def test_a_disk_that_is_nearly_full_is_found(tmp_path: Path) -> None:
    assert surroundings.disk(tmp_path, least=1).level == "ok"
    assert surroundings.disk(tmp_path, least=10**18).level == "wrong"


def test_the_age_of_the_last_backup_is_told(tmp_path: Path) -> None:
    assert "No backup" in _backup().says
    file = tmp_path / "cso-1.backup"
    call_command("backup", str(file))
    assert (_backup().level, "cso-1.backup" in _backup().says) == ("ok", True)
    old = (timezone.now() - 3 * DAY).timestamp()
    os.utime(file, (old, old))
    assert only("backup", "3 days old")


def _backup() -> Finding:
    return next(finding for finding in doctor.examine(timezone.now()) if finding.part == "backup")


@contextmanager
def proxy(folder: Path, *, days: int) -> Iterator[tuple[int, str]]:
    """A proxy that shows a certificate of its own, good for so many days. Gives its port and the certificate's file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(tz=UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - 10 * DAY).not_valid_after(now + days * DAY + MINUTE)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = folder / f"{days}.pem"
    file.write_bytes(made + key.private_bytes(serialization.Encoding.PEM, *plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_shake_hands, args=(server, context), daemon=True).start()
        yield server.getsockname()[1], str(file)


def _shake_hands(server: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            context.wrap_socket(server.accept()[0], server_side=True).close()
        except ssl.SSLError:
            continue  # the other side did not like the certificate
        except OSError:
            return


def test_what_a_browser_would_say_of_the_certificate_is_found(tmp_path: Path) -> None:
    now = timezone.now()
    with proxy(tmp_path, days=90) as (port, file):
        unknown = surroundings.certificate("localhost", now=now, port=port)
        assert (unknown.level, "self-signed" in unknown.says) == ("wrong", True)
        assert surroundings.certificate("localhost", now=now, port=port, trusted=file).level == "ok"
    with proxy(tmp_path, days=3) as (port, file):
        assert "ends in 3 days" in surroundings.certificate("localhost", now=now, port=port, trusted=file).says
    with proxy(tmp_path, days=-2) as (port, file):
        assert "expired" in surroundings.certificate("localhost", now=now, port=port, trusted=file).says
    nobody = surroundings.certificate("localhost", now=now, port=free_port())
    assert nobody.level == "note"
