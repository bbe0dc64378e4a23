from tests.events.conftest import listener, no_broker

__all__ = ["listener", "no_broker"]
