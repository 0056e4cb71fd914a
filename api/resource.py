"""What every address of the API has in common.

Each method goes the same way: find what the address names (404), ask the role (403), parse (400), act, answer.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from agencies.errors import NotFound
from agencies.models import Member
from api.parsing import CANNOT_BE_KEPT, UNKEEPABLE


class Resource(APIView):
    """One address: a class with the methods it knows. `now` is the moment at which the request came in."""

    http_method_names = ["get", "head", "post", "patch", "delete"]
    now: datetime

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.now = timezone.now()
        if any(UNKEEPABLE.search(value) for value in kwargs.values() if isinstance(value, str)):
            raise NotFound
        faults = {
            name: [CANNOT_BE_KEPT]
            for name, values in request.query_params.lists()
            if any(UNKEEPABLE.search(value) for value in values)
        }
        if faults:
            raise ValidationError(faults)

    @property
    def member(self) -> Member:
        """Who asks, in the role of the token."""
        member: Member = self.request.user  # type: ignore[assignment]
        return member
