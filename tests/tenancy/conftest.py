"""What the tests of tenancy have in common."""

from tests.events.conftest import listener, no_broker
from tests.tenancy.made_up import made_up
from tests.webhooks.conftest import endpoint, hinted, receiver, tell

__all__ = ["endpoint", "hinted", "listener", "made_up", "no_broker", "receiver", "tell"]
