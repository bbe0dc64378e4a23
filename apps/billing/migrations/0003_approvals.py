"""In production a plan, and the plan of a tenant, change only as approved. The first subscription of a tenant narrows
the default plan, with which it begins; it stays, since without one the tenant has everything."""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES, approved_only

PLAN = "(NEW.code, NEW.level, NEW.modules, NEW.limits) IS DISTINCT FROM (OLD.code, OLD.level, OLD.modules, OLD.limits)"
SUBSCRIPTION = "(NEW.tenant_id, NEW.plan_id) IS DISTINCT FROM (OLD.tenant_id, OLD.plan_id)"


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_invariants"), ("approvals", "0002_invariants")]
    operations = [
        approved_only("billing_plan", "billing.plan", on="UPDATE", when=PLAN, required="production"),
        approved_only(
            "billing_subscription",
            "billing.subscription",
            on="UPDATE",
            when=SUBSCRIPTION,
            required="production",
        ),
        migrations.RunSQL(
            f"REVOKE DELETE, TRUNCATE ON billing_plan, billing_subscription FROM {RUNTIME_ROLES}",
            f"GRANT DELETE ON billing_subscription TO {RUNTIME_ROLES}",
        ),
    ]
