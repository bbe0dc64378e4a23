"""Tables of outgoing and incoming webhooks."""

from .endpoints import Endpoint, EndpointQuerySet
from .messages import Attempt, Message, MessageQuerySet
from .received import Received, ReceivedQuerySet, Source
from .secrets import SealedSecret, SealedSecretQuerySet, Secret, SourceSecret

__all__ = [
    "Attempt",
    "Endpoint",
    "EndpointQuerySet",
    "Message",
    "MessageQuerySet",
    "Received",
    "ReceivedQuerySet",
    "SealedSecret",
    "SealedSecretQuerySet",
    "Secret",
    "Source",
    "SourceSecret",
]
