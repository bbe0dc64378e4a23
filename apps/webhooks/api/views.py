from apps.bus.api.filters import Filters
from apps.bus.api.secrets import SecretOnceEndpoint
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.webhooks.commands import (
    AddSource,
    ChangeEndpoint,
    DisableEndpoint,
    EnableEndpoint,
    RegisterEndpoint,
    ReprocessReceived,
    ResendMessage,
    RetireSecret,
    RetireSourceSecret,
    RotateSecret,
    RotateSourceSecret,
    SendTestMessage,
)
from apps.webhooks.models import Endpoint, Message, Received, Source

from .serializers import (
    EndpointSerializer,
    EndpointWithSecretSerializer,
    MessageSerializer,
    MessageWithAttemptsSerializer,
    ReceivedSerializer,
    SecretSerializer,
    SourceSecretSerializer,
    SourceSerializer,
)


class MessageFilter(Filters):
    class Meta:
        model = Message
        fields = ("endpoint", "state", "type", "ref")


class ReceivedFilter(Filters):
    class Meta:
        model = Received
        fields = ("source", "state", "type", "ref")


class Endpoints(ListEndpoint, SecretOnceEndpoint):
    """Endpoints."""

    permission = "webhooks.view_endpoint"
    queryset = Endpoint.objects.prefetch_related("secrets")
    serializer_class = EndpointSerializer
    command, result = RegisterEndpoint, EndpointWithSecretSerializer


class OneEndpoint(DetailEndpoint):
    """An endpoint and the validity of its secrets."""

    permission = "webhooks.view_endpoint"
    queryset = Endpoint.objects.prefetch_related("secrets")
    serializer_class = EndpointSerializer
    lookup_url_kwarg = "endpoint_id"


class ChangeOneEndpoint(CommandEndpoint):
    command, result, status = ChangeEndpoint, EndpointSerializer, 200
    server_fields = ("endpoint_id",)


class DisableOneEndpoint(CommandEndpoint):
    command, result, status = DisableEndpoint, EndpointSerializer, 200
    server_fields = ("endpoint_id",)


class EnableOneEndpoint(CommandEndpoint):
    command, result, status = EnableEndpoint, EndpointSerializer, 200
    server_fields = ("endpoint_id",)


class RotateOneSecret(SecretOnceEndpoint):
    command, result, status = RotateSecret, EndpointWithSecretSerializer, 200
    server_fields = ("endpoint_id",)


class RetireOneSecret(CommandEndpoint):
    command, result, status = RetireSecret, SecretSerializer, 200
    server_fields = ("secret_id",)


class SendOneTestMessage(CommandEndpoint):
    command, result, status = SendTestMessage, MessageSerializer, 202
    server_fields = ("endpoint_id",)


class Messages(ListEndpoint):
    """Messages, newest first."""

    permission = "webhooks.view_message"
    queryset = Message.objects.all()
    serializer_class = MessageSerializer
    filterset_class = MessageFilter


class OneMessage(DetailEndpoint):
    """A message with its body and attempts."""

    permission = "webhooks.view_message"
    queryset = Message.objects.prefetch_related("tries")
    serializer_class = MessageWithAttemptsSerializer
    lookup_url_kwarg = "message_id"


class ResendOneMessage(CommandEndpoint):
    command, result, status = ResendMessage, MessageSerializer, 202
    server_fields = ("message_id",)


class Sources(ListEndpoint, CommandEndpoint):
    """Sources."""

    permission = "webhooks.view_source"
    queryset = Source.objects.prefetch_related("secrets")
    serializer_class = SourceSerializer
    command, result = AddSource, SourceSerializer


class RotateOneSourceSecret(CommandEndpoint):
    command, result, status = RotateSourceSecret, SourceSerializer, 200
    server_fields = ("source_id",)


class RetireOneSourceSecret(CommandEndpoint):
    command, result, status = RetireSourceSecret, SourceSecretSerializer, 200
    server_fields = ("secret_id",)


class ReceivedMessages(ListEndpoint):
    """Received messages, newest first."""

    permission = "webhooks.view_received"
    queryset = Received.objects.all()
    serializer_class = ReceivedSerializer
    filterset_class = ReceivedFilter


class OneReceived(DetailEndpoint):
    """A received message."""

    permission = "webhooks.view_received"
    queryset = Received.objects.all()
    serializer_class = ReceivedSerializer
    lookup_url_kwarg = "received_id"


class ReprocessOneReceived(CommandEndpoint):
    command, result, status = ReprocessReceived, ReceivedSerializer, 202
    server_fields = ("received_id",)
