"""`/healthz`: the process lives. `/readyz`: what it needs is there."""

from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from redis import Redis
from redis.exceptions import RedisError

HEARTBEAT_MAX_AGE = timedelta(seconds=15)


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part is `ok`, else 503 and why not."""
    database = database_state()
    away = "unknown: the database is away"
    parts = {
        "database": database,
        "broker": broker_state(),
        "worker": heartbeat_state("worker") if database == "ok" else away,
        "clock": heartbeat_state("clock") if database == "ok" else away,
    }
    return JsonResponse(parts, status=200 if set(parts.values()) == {"ok"} else 503)


def database_state() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"away: {type(error).__name__}"
    return "ok"


def broker_state() -> str:
    timeout = settings.VALKEY_TIMEOUT_S
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=timeout, socket_connect_timeout=timeout) as valkey:
            valkey.ping()
    except (RedisError, OSError) as error:
        return f"away: {type(error).__name__}"
    return "ok"


def heartbeat_state(name: str) -> str:
    """A heartbeat that Celery writes: `worker` at every task of its own, `clock` as deadlines are watched."""
    beat = apps.get_model("ledger", "Heartbeat").objects.filter(name=name).values_list("at", flat=True).first()
    if beat is None:
        return "no heartbeat yet"
    age = timezone.now() - beat
    return "ok" if age <= HEARTBEAT_MAX_AGE else f"last heartbeat {age.total_seconds():.0f} s ago"
