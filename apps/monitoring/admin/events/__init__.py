"""Events and deliveries in the operator's console. Here, because `events` lies below `console`."""

from . import parts, rows

__all__ = ["parts", "rows"]
