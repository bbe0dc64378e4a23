"""What the bus does by itself."""

from apps.kernel.periodic import every
from apps.kernel.queues import LowTask

from .idempotency import forget_expired


@every(seconds=3600, base=LowTask, name="bus.forget_expired_keys")
def forget_expired_keys() -> None:
    """Keys that moved no money are forgotten after a month."""
    forget_expired()
