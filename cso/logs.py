"""One JSON object a line, without residents' data: routes instead of paths, error classes instead of messages.

An error's message can hold a row (`Key (phone)=(...)`), a path or query can hold what somebody searched for.
"""

import logging
import logging.config
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from cso import meters

PROBES = ("healthz", "readyz", "metrics")  # asked every few seconds by machines
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
log = structlog.get_logger("cso.request")


class OnlyErrors(logging.Filter):
    """Of Django's lines about answers keep those with a traceback; every answer has its line from RequestLog."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.exc_info)


def without_words(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Drop the messages of exceptions, which may quote a row, and keep where and what they were."""
    if event.get("logger") == "django.request":
        event["event"] = "unhandled_error"  # instead of the path
    for part in event.get("exception") or ():
        part.pop("exc_value", None)
        part.pop("exc_notes", None)
        part.pop("exceptions", None)
    return event


BEFORE: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
RENDER: list[Processor] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False, max_frames=60)),
    without_words,
    structlog.processors.JSONRenderer(),
]


def configure(*, level: str) -> None:
    """Send the standard library's and structlog's lines to standard error; `level` is one of LEVELS."""
    if level not in LEVELS:
        raise SystemExit(f"CSO_LOG_LEVEL: one of {', '.join(LEVELS)}")
    formatter = {"()": structlog.stdlib.ProcessorFormatter, "foreign_pre_chain": BEFORE, "processors": RENDER}
    quiet = {"level": "WARNING"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": level},
            "filters": {"only_errors": {"()": OnlyErrors}},
            "loggers": {
                "django.request": {"filters": ["only_errors"]},
                "celery": quiet,
                "axes": quiet,
                "django.security": quiet,
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *BEFORE,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


class RequestLog:
    """One line a request: method, route, status, milliseconds; its id is on every line that the request causes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begin = time.monotonic()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex[:12])
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else None
        if route not in PROBES:
            seconds, status = time.monotonic() - begin, response.status_code
            meters.count_request(request.method, route, status, seconds=seconds)
            log.info("request", method=request.method, route=route, status=status, ms=round(seconds * 1000, 1))
        return response
