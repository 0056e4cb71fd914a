"""A supervisor's yes, as a row. A new table: nothing that runs waits for it."""

import django.db.models.deletion
from django.db import migrations, models

import agencies.models
from agencies.walls import Wall

MEMBER = "agencies_member"


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0003_rules_stamp"),
        ("calls", "0003_rules_stamp_triggers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("granted", "Granted"),
                            ("refused", "Refused"),
                            ("lapsed", "Lapsed"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "agency",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agencies.agency",
                    ),
                ),
                (
                    "answered_by",
                    agencies.models.TenantKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agencies.member",
                    ),
                ),
                (
                    "asked_by",
                    agencies.models.TenantKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agencies.member",
                    ),
                ),
                (
                    "call",
                    agencies.models.TenantKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="approvals",
                        to="calls.call",
                    ),
                ),
                (
                    "decision",
                    agencies.models.TenantKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="calls.decision",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["agency", "call"], name="approvals_by_call"),
                    models.Index(
                        condition=models.Q(("answered_at__isnull", True)),
                        fields=["agency", "asked_at"],
                        name="open_approvals",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("agency"),
                        models.F("call"),
                        condition=models.Q(("answered_at__isnull", True)),
                        name="one_open_approval",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at__isnull", True)),
                            models.Q(("answered_at__isnull", False), models.Q(("answer", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="an_answer_has_a_time",
                    ),
                ],
            },
        ),
        Wall(
            "calls_approval",
            {
                "call_id": "calls_call",
                "decision_id": "calls_decision",
                "asked_by_id": MEMBER,
                "answered_by_id": MEMBER,
            },
        ),
        migrations.RunSQL(
            "REVOKE DELETE ON calls_approval FROM cso_app",
            "GRANT DELETE ON calls_approval TO cso_app",
        ),
    ]
