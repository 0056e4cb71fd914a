"""The answer to what nobody foresaw: 503 while the database is away, wherever a request noticed it, else 500.

Sessions and tokens are looked up before any view runs, so that no view, form or API handler can catch this.
`api.problems` makes a problem document of it where the API was asked.
"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from cso import pool

TRY_AGAIN_S = 5


def answer(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: called while the error is being handled."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        pool.mend()
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": str(TRY_AGAIN_S)})
    return server_error(request)
