from typing import Any

from rest_framework import serializers

from apps.billing.models import Plan, Subscription
from apps.bus.api.fields import WholeNumber
from apps.bus.api.serializers import ReadSerializer


class PlanSerializer(ReadSerializer):
    class Meta:
        model = Plan
        fields = ("code", "name", "level", "modules", "limits", "is_offered")


class SubscriptionSerializer(ReadSerializer):
    plan = serializers.CharField(source="plan.code", read_only=True)

    class Meta:
        model = Subscription
        fields = ("tenant_id", "plan", "since", "reason")


class UsageSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    unit = serializers.CharField()
    used = WholeNumber()
    maximum = WholeNumber(help_text="-1: no limit")


class PlanFeatureSerializer(serializers.Serializer[Any]):
    """A feature that plans name. It may be off although the plan has it: `is_on` is for the caller."""

    key = serializers.CharField()
    description = serializers.CharField()
    entitlement = serializers.CharField()
    is_in_plan = serializers.BooleanField()
    is_on = serializers.BooleanField()
    used = WholeNumber(allow_null=True, help_text="null: it has no limit of its own")
    maximum = WholeNumber(help_text="-1: no limit")


class YourPlanSerializer(serializers.Serializer[Any]):
    """The tenant's plan, its licensed modules, the usage of each limit, and the features that plans name."""

    code = serializers.CharField()
    name = serializers.CharField()
    level = WholeNumber()
    modules = serializers.ListField(child=serializers.CharField())
    usage = UsageSerializer(many=True)
    features = PlanFeatureSerializer(many=True)
