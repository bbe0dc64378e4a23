"""The shapes of the client API of Unleash, for the API document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.bus.api.fields import AnyJSON, JSONObject, WholeNumber


class UnleashState(serializers.Serializer[Any]):
    """Features with strategies, constraints and variants as Unleash defines them."""

    version = WholeNumber()
    features = serializers.ListField(child=JSONObject())
    segments = serializers.ListField(child=AnyJSON())
    query = JSONObject()


class UnleashMetrics(serializers.Serializer[Any]):
    """`bucket` has `start`, `stop` and `toggles`: by key `yes`, `no` and `variants`."""

    appName = serializers.CharField(required=False)  # noqa: N815  the name in the protocol
    instanceId = serializers.CharField(required=False)  # noqa: N815
    bucket = JSONObject()


class UnleashRegistration(serializers.Serializer[Any]):
    """What the client is. Only its headers are logged."""

    appName = serializers.CharField(required=False)  # noqa: N815  the name in the protocol
    sdkVersion = serializers.CharField(required=False)  # noqa: N815
    strategies = serializers.ListField(child=serializers.CharField(), required=False)
    interval = WholeNumber(required=False)


class UnleashError(serializers.Serializer[Any]):
    """`name` is the stable code of the refusal."""

    id = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    message = serializers.CharField()
