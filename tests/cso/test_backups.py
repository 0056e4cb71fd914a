"""A backup that was never restored is none: here it comes back, in an installation of its own, and work goes on."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from agencies.models import Agency, Member
from agencies.scope import agency_scope
from calls.actions import take_call
from calls.intake import Intake
from calls.models import Call
from cso import backups
from cso.backups import NotDone
from cso.local.services import Services, used
from ledger.models import Cursor, Event
from tests.cso.console import environment
from tests.fixtures import Database
from tests.room import ROOT

Take = Callable[..., Call]

# The next call in the restored installation, taken by dora, and what the rival and a role without an agency see of it.
GO_ON = """
import json
import django
django.setup()
from django.db import connection
from django.utils import timezone
from agencies import doors
from agencies.models import Member
from agencies.scope import agency_scope
from calls.actions import take_call
from calls.intake import Intake
from calls.models import Call
from ledger.models import Event
with agency_scope(doors.agency_by_slug("san-jose")):
    dora = Member.objects.select_related("agency", "user").get(email="dora@san-jose.example").as_role("dispatcher")
    number = take_call(Intake(type_code="VEHABND", address="1 Next St"), by=dora, now=timezone.now()).number
    words = list(Call.objects.order_by("pk").values_list("narrative", flat=True))
    seqs = list(Event.objects.order_by("seq").values_list("seq", flat=True))
with agency_scope(doors.agency_by_slug("seattle")):
    rivals = list(Call.objects.values_list("address", flat=True))
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM calls_call")
    unscoped = cursor.fetchone()[0]
print(json.dumps({"number": number, "words": words, "seqs": seqs, "rivals": rivals, "unscoped": unscoped}))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept.backup"


@pytest.fixture
def kept(file: Path, agency: Agency, rival: Agency, take: Take) -> Path:
    """A backup of two agencies with a call each."""
    take(narrative="a blue sedan")
    call_command("backup", str(file))
    return file


@pytest.fixture
def elsewhere() -> Iterator[Services]:
    """Servers of another, empty installation."""
    with tempfile.TemporaryDirectory(prefix="cso-restored-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        (Path(name) / "log").mkdir()
        services = Services(Path(name))
        with used(services):
            yield services


def manage(services: Services, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *arguments]
    settings = environment(**services.environment(), PYTHONPATH=str(ROOT))
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=100, check=False)


def restore(file: Path, **urls: str) -> backups.Manifest:
    given = {"owner_url": settings.DATABASE_OWNER_URL, "backup_url": settings.DATABASE_BACKUP_URL} | urls
    return backups.restore(file, known=json.loads(ZipFile(file).read("manifest.json"))["migrations"], **given)


def rewritten(file: Path, change: Callable[[backups.Manifest], backups.Manifest]) -> Path:
    """The same backup with another manifest."""
    with ZipFile(file) as old:
        manifest, dump = backups.Manifest(**json.loads(old.read("manifest.json"))), old.read("database.dump")
    with ZipFile(other := file.with_name("other.backup"), "w") as new:
        new.writestr("database.dump", dump)
        new.writestr("manifest.json", json.dumps(asdict(change(manifest))))
    return other


@pytest.mark.timeout(300)
def test_all_of_it_comes_back_and_the_work_goes_on(
    file: Path, agency: Agency, rival: Agency, dora: Member, take: Take, now: datetime, elsewhere: Services
) -> None:
    take(narrative="a blue sedan")
    busy = Busy(agency, dora, now)
    busy.start()
    call_command("backup", str(file))
    busy.stop()
    assert "agencies: 2" in manage(elsewhere, "manage.py", "restore", str(file)).stdout
    manifest = json.loads(ZipFile(file).read("manifest.json"))
    assert 2 <= manifest["rows"]["calls_call"] <= Call.objects.count() + 1
    seen = json.loads(manage(elsewhere, "-c", GO_ON).stdout)
    ours = manifest["rows"]["calls_call"] - 1
    assert seen["words"] == ["a blue sedan", *[""] * ours]
    assert int(seen["number"][3:]) == ours + 1, "numbers go on without a gap"
    assert seen["seqs"] == list(range(1, len(seen["seqs"]) + 1)), "and so does the ledger"
    assert seen["rivals"] == ["1 Rival Way"]
    assert seen["unscoped"] == 0, "the walls stand again"
    again = manage(elsewhere, "manage.py", "restore", str(file))
    assert again.returncode == 1
    assert "is in use" in again.stderr
    assert len(json.loads(manage(elsewhere, "-c", GO_ON).stdout)["words"]) == ours + 2, "nothing was touched"


class Busy(threading.Thread):
    """Dora takes one call after the other."""

    def __init__(self, agency: Agency, dora: Member, now: datetime) -> None:
        super().__init__()
        self._agency, self._dora, self._now = agency, dora, now
        self._first, self._enough = threading.Event(), threading.Event()

    def run(self) -> None:
        with agency_scope(self._agency.pk):
            while not self._enough.is_set():
                take_call(Intake(type_code="VEHABND", address="2 Busy St"), by=self._dora, now=self._now)
                self._first.set()
        connections.close_all()

    def start(self) -> None:
        super().start()
        assert self._first.wait(20)

    def stop(self) -> None:
        self._enough.set()
        self.join(20)


def test_it_says_what_it_holds_and_nobody_else_may_read_it(
    file: Path, agency: Agency, take: Take, capsys: pytest.CaptureFixture[str]
) -> None:
    take()
    call_command("backup", str(file))
    said = capsys.readouterr().out
    assert "agencies: 1, calls: 1," in said and " MB" in said and str(file) in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(file.parent) == [file.name]


def test_without_a_name_it_finds_one(settings: Any, tmp_path: Path, agency: Agency) -> None:  # noqa: ANN401
    settings.BACKUP_DIR = tmp_path / "made" / "here"
    call_command("backup")
    (made,) = settings.BACKUP_DIR.iterdir()
    assert backups.newest(settings.BACKUP_DIR) == made


def test_a_backup_that_is_there_is_not_written_over(kept: Path) -> None:
    before = kept.read_bytes()
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(kept))
    assert kept.read_bytes() == before


def test_the_sites_own_role_can_make_none_and_leaves_nothing_half_made(file: Path, agency: Agency) -> None:
    with pytest.raises(NotDone, match="DATABASE_BACKUP_URL"):
        backups.backup(file, url=settings.DATABASE_URL)
    assert os.listdir(file.parent) == []


def test_a_dump_that_fails_leaves_nothing_half_made(file: Path, agency: Agency, database: Database) -> None:
    with database.superuser() as server:
        server.execute("CREATE TABLE secret_of_the_superuser ()")
        server.execute("CREATE SEQUENCE sequence_of_the_superuser")
    try:
        with pytest.raises(NotDone, match="permission denied"):
            backups.backup(file, url=settings.DATABASE_BACKUP_URL)
    finally:
        with database.superuser() as server:
            server.execute("DROP TABLE secret_of_the_superuser; DROP SEQUENCE sequence_of_the_superuser")
    assert os.listdir(file.parent) == []


def test_a_disk_that_is_full_leaves_nothing_half_made(file: Path, agency: Agency) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(NotDone, match="is there room"):
            backups.backup(file, url=settings.DATABASE_BACKUP_URL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(file.parent) == []


def test_the_backups_role_writes_nothing(agency: Agency, take: Take) -> None:
    take()
    with psycopg.connect(settings.DATABASE_BACKUP_URL, autocommit=True) as role:
        assert role.execute("SELECT count(*) FROM calls_call").fetchone() == (1,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            role.execute("UPDATE calls_call SET narrative = ''")
        role.execute("SET default_transaction_read_only = off")
        for forbidden in ("UPDATE calls_call SET narrative = ''", "DELETE FROM ledger_event", "CREATE TABLE mine ()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                role.execute(forbidden)
    with psycopg.connect(settings.DATABASE_URL) as site, pytest.raises(psycopg.errors.InsufficientPrivilege):
        site.execute("SET ROLE cso_backup")


def test_the_site_does_not_start_as_the_backups_role(agency: Agency) -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import cso.asgi"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | {"DATABASE_URL": settings.DATABASE_BACKUP_URL},
    )  # fmt: skip
    assert started.returncode == 1
    assert "agencies.E001" in started.stderr and "BYPASSRLS" in started.stderr


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda whole: whole[: len(whole) // 2], "not a whole backup"),
        (lambda whole: b"", "not a whole backup"),
        (lambda whole: whole.replace(b"PGDMP", b"PGDMQ", 1), "not a whole backup|damaged"),
    ],
    ids=["cut off", "empty", "a letter changed"],
)
def test_a_harmed_backup_is_refused(kept: Path, harm: Callable[[bytes], bytes], said: str) -> None:
    kept.write_bytes(harm(kept.read_bytes()))
    with pytest.raises(NotDone, match=said):
        backups.restore(kept, owner_url="unused", backup_url="unused", known=())


def test_something_else_and_another_dump_are_refused(kept: Path, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "photos.zip", "w") as other:
        other.writestr("cat.jpg", "")
    with pytest.raises(NotDone, match="not a backup of the console"):
        backups.restore(tmp_path / "photos.zip", owner_url="unused", backup_url="unused", known=())
    with pytest.raises(NotDone, match="checksum"):
        restore(rewritten(kept, lambda manifest: replace(manifest, sha256="0" * 64)))
    with pytest.raises(NotDone, match="cannot be read"):
        backups.restore(tmp_path / "nowhere", owner_url="unused", backup_url="unused", known=())


def test_a_backup_of_a_newer_version_is_refused(kept: Path) -> None:
    with pytest.raises(NotDone, match=r"newer version of the console \(it has calls.0099_years_later\)"):
        backups.restore(
            rewritten(kept, lambda m: replace(m, migrations=["calls.0099_years_later"])),
            owner_url="unused",
            backup_url="unused",
            known=["calls.0001_tables"],
        )


def test_nothing_is_restored_over_people(kept: Path, agency: Agency, take: Take) -> None:
    later = take()
    with pytest.raises(NotDone, match="is in use"):
        restore(kept)
    assert Call.objects.filter(pk=later.pk).exists()
    assert Event.objects.count() == Cursor.objects.get(agency=agency).last_seq


def test_a_database_that_is_away_is_one_clear_line(file: Path) -> None:
    with pytest.raises(NotDone, match="does not answer"):
        backups.backup(file, url="postgresql://cso_backup@127.0.0.1:9/cso")
    assert os.listdir(file.parent) == []
