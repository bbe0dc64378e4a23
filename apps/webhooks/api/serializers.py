from rest_framework import serializers

from apps.bus.api.serializers import ReadSerializer
from apps.webhooks.models import Attempt, Endpoint, Message, Received, Secret, Source, SourceSecret


class SecretSerializer(ReadSerializer):
    """The validity of a secret, without the secret."""

    class Meta:
        model = Secret
        fields = ("id", "created_at", "retired_at")


ENDPOINT: tuple[str, ...] = (
    "id",
    "url",
    "description",
    "events",
    "state",
    "disabled_reason",
    "created_at",
    "enabled_at",
    "taken_at",
    "tried_at",
    "last_outcome",
    "secrets",
)
MESSAGE: tuple[str, ...] = (
    "id",
    "endpoint",
    "ref",
    "type",
    "event_id",
    "state",
    "attempts",
    "next_at",
    "created_at",
    "last_error",
    "finished_at",
    "correlation_id",
)


class EndpointSerializer(ReadSerializer):
    secrets = SecretSerializer(many=True)

    class Meta:
        model = Endpoint
        fields = ENDPOINT


class EndpointWithSecretSerializer(EndpointSerializer):
    """An endpoint with its new secret. The secret is returned once: the response to a repeated request with the same
    Idempotency-Key is without it."""

    new_secret = serializers.CharField()

    class Meta:
        model = Endpoint
        fields = (*ENDPOINT, "new_secret")


class MessageSerializer(ReadSerializer):
    class Meta:
        model = Message
        fields = MESSAGE


class AttemptSerializer(ReadSerializer):
    class Meta:
        model = Attempt
        fields = ("id", "at", "status", "took", "response_body", "error")


class MessageWithAttemptsSerializer(MessageSerializer):
    tries = AttemptSerializer(many=True)

    class Meta:
        model = Message
        fields = (*MESSAGE, "body", "tries")


class SourceSecretSerializer(ReadSerializer):
    class Meta:
        model = SourceSecret
        fields = ("id", "created_at", "retired_at")


class SourceSerializer(ReadSerializer):
    secrets = SourceSecretSerializer(many=True)

    class Meta:
        model = Source
        fields = ("id", "name", "scheme", "created_at", "refused", "refused_at", "secrets")


class ReceivedSerializer(ReadSerializer):
    class Meta:
        model = Received
        fields = (
            "id",
            "source",
            "ref",
            "type",
            "state",
            "attempts",
            "next_at",
            "last_error",
            "received_at",
            "finished_at",
            "correlation_id",
        )
