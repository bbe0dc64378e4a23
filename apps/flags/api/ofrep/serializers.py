"""The shapes of OFREP, for the API document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, inline_serializer
from rest_framework import serializers

from apps.bus.api.fields import AnyJSON, JSONObject

OfrepRequest = inline_serializer("OfrepRequest", {"context": JSONObject(required=False)})
"""`context` has `targetingKey`, which is the user, and any other attributes."""


class OfrepSuccess(serializers.Serializer[Any]):
    """Without `value`, the client serves the default of its code."""

    key = serializers.CharField()
    value = AnyJSON(required=False)
    reason = serializers.ChoiceField(("STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED", "UNKNOWN"))
    variant = serializers.CharField()
    metadata = JSONObject()


class OfrepFailure(serializers.Serializer[Any]):
    """`errorCode` is PARSE_ERROR, INVALID_CONTEXT, TARGETING_KEY_MISSING, FLAG_NOT_FOUND or GENERAL. The stable code of
    the refusal is in the metadata."""

    key = serializers.CharField(required=False)
    errorCode = serializers.CharField()  # noqa: N815  the name in the protocol
    errorDetails = serializers.CharField()  # noqa: N815
    metadata = JSONObject()


class OfrepBulk(serializers.Serializer[Any]):
    """`metadata.revision` is that of the whole set."""

    flags = PolymorphicProxySerializer(
        component_name="OfrepResult",
        serializers=[OfrepSuccess, OfrepFailure],
        resource_type_field_name=None,
        many=True,
    )
    metadata = JSONObject()
