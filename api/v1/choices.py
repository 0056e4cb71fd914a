"""The values that fields of the API may have, one list each, so that the OpenAPI document names each list once."""

from agencies.roles import Role
from calls.models import RuleSet
from calls.states import CallStatus, Route, Source
from dispatch.states import AssignmentStatus, UnitStatus

CALL_STATUSES = [status.value for status in CallStatus]
ROUTES = [route.value for route in Route]
SOURCES = [source.value for source in Source]
ASSIGNMENT_STATUSES = [status.value for status in AssignmentStatus]
UNIT_STATUSES = [status.value for status in UnitStatus]
RULE_SET_STATUSES = [str(status) for status in RuleSet.Status.values]
ROLES = [role.value for role in Role]
DECIDERS = ["disqualifier", "rule", "default", "person"]
ANSWERS = ["yes", "no", "unknown"]
FITTED_KINDS = ["types", "categories", "areas", "qualifications"]
FITTED_AS = ["narrowed", "left_out", "asks"]
