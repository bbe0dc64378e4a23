"""No visit stays without its end, also when nobody clicks any more."""

from apps.kernel.periodic import every
from apps.kernel.queues import DefaultTask

from . import lifecycle

MINUTE = 60


@every(seconds=MINUTE, base=DefaultTask, name="identity.end_support_sessions", where="platform")
def end_support_sessions() -> None:
    lifecycle.sweep()
