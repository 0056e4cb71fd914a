"""`/metrics` for Prometheus: for whoever has the token of CSO_METRICS_TOKEN, and for nobody where that is not set.

What a worker does is read from the database, where it stands whoever did it; what web processes count of themselves,
they count together (cso/meters.py). So every web process says the same.
"""

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agencies import doors
from agencies.scope import agency_scope
from cso.meters import counted
from ledger.models import Heartbeat

# One statement an agency, each part by an index; the ledger's last minutes say how late the clocks are.
_AGENCY = """
SELECT (SELECT slug FROM agencies_agency WHERE id = %(agency)s),
       (SELECT coalesce(sum(last), 0) FROM calls_callcounter WHERE agency_id = %(agency)s),
       (SELECT count(*) FROM ledger_deadline WHERE agency_id = %(agency)s AND state = 'armed' AND due_at < %(now)s),
       (SELECT count(*) FROM ledger_delivery WHERE agency_id = %(agency)s AND state IN ('waiting', 'leased')),
       fired.number, fired.median, fired.latest
FROM (SELECT count(*) AS number,
             coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY late), 0) AS median, coalesce(max(late), 0) AS latest
      FROM (SELECT extract(epoch FROM at - (data ->> 'due_at')::timestamptz) AS late FROM ledger_event
            WHERE agency_id = %(agency)s AND at > %(now)s - interval '5 minutes' AND kind = 'deadline.missed')
           AS missed) AS fired
"""
_ABOUT_AGENCIES = (
    ("cso_deadlines_overdue", "Deadlines that are due and that nobody has fired."),
    ("cso_deliveries_waiting", "Messages to people outside that are not sent yet."),
    ("cso_deadlines_fired_5m", "Deadlines that were missed, and fired, in the last five minutes."),
    ("cso_deadline_lateness_median_seconds_5m", "How long after its time a deadline fired: the median."),
    ("cso_deadline_lateness_max_seconds_5m", "The same: the latest."),
)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, or 404 as for an address that is not there."""
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given.encode(), wanted.encode()):
        return HttpResponse(status=404)
    return HttpResponse(generate_latest(counted()) + generate_latest(_true_now), content_type=CONTENT_TYPE_LATEST)


class Installation(Collector):
    """What is true of the installation at this moment."""

    def collect(self) -> Iterator[Metric]:
        try:
            found = [*_heartbeats(), *_agencies()]
        except DatabaseError:
            found = []
        yield GaugeMetricFamily("cso_database_up", "1 while the database answers.", value=float(bool(found)))
        yield from found

    def describe(self) -> list[Metric]:
        """Nothing is asked of the database when this is registered."""
        return []


def _heartbeats() -> Iterator[Metric]:
    ages = GaugeMetricFamily("cso_heartbeat_age_seconds", "Since the last sign of life.", labels=["name"])
    for beat in Heartbeat.objects.all():
        ages.add_metric([beat.name], (timezone.now() - beat.at).total_seconds())
    yield ages


def _agencies() -> Iterator[Metric]:
    taken = CounterMetricFamily("cso_calls_taken", "Calls that got a number.", labels=["agency"])
    gauges = [GaugeMetricFamily(name, words, labels=["agency"]) for name, words in _ABOUT_AGENCIES]
    for agency_id in doors.agency_ids():
        with agency_scope(agency_id), connection.cursor() as cursor:
            cursor.execute(_AGENCY, {"agency": agency_id, "now": timezone.now()})
            slug, calls, *values = cursor.fetchone()
        taken.add_metric([slug], float(calls))
        for gauge, value in zip(gauges, values, strict=True):
            gauge.add_metric([slug], float(value))
    yield from (taken, *gauges)


_true_now = CollectorRegistry()
_true_now.register(Installation())
