from typing import Any

from apps.billing import queries
from apps.billing.commands import ChangePlan, DefinePlan
from apps.billing.models import Plan, Subscription
from apps.bus.api.views import Answers, Asks, Lists
from apps.modules import registry

from .serializers import PlanSerializer, SubscriptionSerializer, YourPlanSerializer


class Plans(Lists, Asks):
    """The plans, the lowest first."""

    permission = "billing.view_plan"
    queryset = Plan.objects.all()
    serializer_class = PlanSerializer
    ordering = ("level", "code")
    command, result = DefinePlan, PlanSerializer


class Subscriptions(Lists, Asks):
    """Which tenants have booked which plan."""

    permission = "billing.view_subscription"
    queryset = Subscription.objects.select_related("plan")
    serializer_class = SubscriptionSerializer
    command, result = ChangePlan, SubscriptionSerializer


class YourPlan(Answers):
    """What this tenant has booked, and how much of it is used."""

    permission = "billing.view_own_plan"
    serializer_class = YourPlanSerializer

    def answer(self, question: None, **given: Any) -> dict[str, Any]:
        plan = queries.plan_of()
        return {
            "code": plan.code,
            "name": plan.name,
            "level": plan.level,
            "modules": [
                each.name for each in registry.modules() if each.sold and queries.is_booked(each.name)
            ],
            "usage": queries.usage(),
        }
