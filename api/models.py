"""What the API remembers of a request that may be repeated."""

from typing import ClassVar

from django.db import models

from agencies.fields import internal, sensitive
from agencies.models import TenantKey, TenantModel, Token


class IdempotencyKey(TenantModel):
    """A request that had its effect: written in the effect's own transaction, so that one is there when the other is.

    Holds no words: what was asked as a digest, what was answered as a status and the id of the object made.
    """

    token = internal(TenantKey(Token, on_delete=models.CASCADE))
    key = sensitive(models.CharField(max_length=255))
    digest = sensitive(models.CharField(max_length=64))
    status = internal(models.PositiveSmallIntegerField())
    made_id = internal(models.BigIntegerField(null=True))
    at = internal(models.DateTimeField())

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["agency", "token", "key"], name="one_effect_per_idempotency_key"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agency", "at"], name="idempotency_keys_by_age"),
        ]

    def __str__(self) -> str:
        return f"key {self.pk} ({self.status})"
