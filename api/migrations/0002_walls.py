"""The wall around idempotency keys. The site writes and forgets them; it never changes one."""

from django.db import migrations

from agencies.walls import Wall

KEPT = "REVOKE UPDATE ON api_idempotencykey FROM cso_app"
FREE = "GRANT UPDATE ON api_idempotencykey TO cso_app"


class Migration(migrations.Migration):
    dependencies = [("api", "0001_tables"), ("agencies", "0002_walls")]

    operations = [
        Wall("api_idempotencykey", {"token_id": "agencies_token"}),
        migrations.RunSQL(KEPT, FREE),
    ]
