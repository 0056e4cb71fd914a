"""The numbers of a shift."""

from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.permissions import require
from agencies.roles import Operation
from api.fields import Moment
from api.resource import Resource
from api.schema import describes
from api.v1.shifts import shift_by_id
from dispatch import rollups
from dispatch.models import Duty


class OneRollup(Resource):
    @describes("shifts_rollup", tag="shifts", answers={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, shift: int) -> Response:
        """What a shift did: calls by route, type and disposition, what was late.

        Every share is `{count, of, denominator}`. `final` is true for the count that was stored at the shift's end;
        before that the figures are as of `counted_at`.
        """
        found = shift_by_id(shift)
        worked = Duty.objects.filter(member=self.member, shift=found).exists()
        require(self.member, Operation.READ_ROLLUP, own=worked)
        figures, counted_at, final = rollups.current(found, self.now)
        say = Moment().to_representation
        about = {
            "shift": found.pk,
            "period": {"from": say(found.starts_at), "to": say(found.ends_at)},
            "counted_at": say(counted_at),
            "final": final,
        }
        return Response({**figures, **about})
