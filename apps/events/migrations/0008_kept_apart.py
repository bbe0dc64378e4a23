"""All tenants' events stand in the same tables; a tenant sees and makes only its own."""

from django.db import migrations

from apps.kernel.rls import EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [("events", "0007_breaker_of_a_tenant")]

    operations = [
        EnableTenantRLS("events_outboxevent", "SELECT, INSERT"),
        EnableTenantRLS("events_delivery", "SELECT, UPDATE"),
        EnableTenantRLS("events_breaker", "SELECT, INSERT, UPDATE"),
    ]
