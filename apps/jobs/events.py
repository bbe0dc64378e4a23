"""The internal event of jobs, for notices."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class JobFinished(Event):
    """A job is done or has failed; `seconds` since its start was requested."""

    name = "job.finished"
    internal: ClassVar[bool] = True

    job_id: int
    job: str
    state: str
    actor_id: int | None
    seconds: int
    error: str

    @property
    def is_done(self) -> bool:
        return self.state == "done"

    @property
    def aggregate(self) -> str:
        return f"job:{self.job_id}"
