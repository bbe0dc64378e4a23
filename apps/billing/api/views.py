from typing import Any

from django.http import Http404

from apps.billing import queries
from apps.billing.commands import ChangePlan, DefinePlan, RetirePlan
from apps.billing.models import Plan, Subscription
from apps.bus.api.views import CommandEndpoint, ListEndpoint, QueryEndpoint
from apps.tenancy import directory

from .serializers import PlanSerializer, SubscriptionSerializer, YourPlanSerializer


class Plans(ListEndpoint, CommandEndpoint):
    """The plans, the lowest first."""

    permission = "billing.view_plan"
    queryset = Plan.objects.all()
    serializer_class = PlanSerializer
    ordering = ("level", "code")
    command, result = DefinePlan, PlanSerializer


class Subscriptions(ListEndpoint, CommandEndpoint):
    """The subscriptions of all tenants."""

    permission = "billing.view_subscription"
    queryset = Subscription.objects.select_related("plan")
    serializer_class = SubscriptionSerializer
    command, result = ChangePlan, SubscriptionSerializer


class YourPlan(QueryEndpoint):
    """The plan of this tenant, and the usage of its limits."""

    permission = "billing.view_own_plan"
    serializer_class = YourPlanSerializer

    def run_query(self, query: None, **server_fields: Any) -> dict[str, Any]:
        return _as_data(queries.subscription_summary())


class PlanOfTenant(QueryEndpoint):
    """The plan of a tenant, and the usage of its limits."""

    permission = "billing.view_subscription"
    serializer_class = YourPlanSerializer

    def run_query(self, query: None, **server_fields: Any) -> dict[str, Any]:
        tenant = directory.by_id(server_fields["tenant_id"])
        if tenant is None:
            raise Http404
        return _as_data(queries.subscription_summary_of(tenant))


class RetireOnePlan(CommandEndpoint):
    command, result, status = RetirePlan, PlanSerializer, 200
    server_fields = ("code",)


def _as_data(summary: queries.SubscriptionSummary) -> dict[str, Any]:
    return {
        "code": summary.plan.code,
        "name": summary.plan.name,
        "level": summary.plan.level,
        "modules": [module.name for module, is_subscribed in summary.modules if is_subscribed],
        "usage": summary.usage,
        "features": summary.features,
    }
