"""What sagas do by themselves."""

from apps.kernel.periodic import every
from apps.kernel.queues import DefaultTask

from . import runs


@every(seconds=300, base=DefaultTask, name="sagas.rescue")
def rescue() -> None:
    """The net under the events that call runs."""
    runs.rescue()
