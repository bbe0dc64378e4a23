"""What an operator can ask of a saga. Each needs a reason, which stands in the audit log and in the timeline."""

from dataclasses import dataclass

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class _HandleSaga(Command):
    permission = "sagas.manage_sagas"

    run_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RetrySaga(_HandleSaga):
    """Try the present step again, forward or back, with its retries anew."""

    audit_message = "had {result} tried again"


@dataclass(frozen=True, kw_only=True)
class SkipSagaStep(_HandleSaga):
    """Go on as if the present step were done. Whoever skips has done by hand what it stands for."""

    audit_message = "skipped a step of {result}"


@dataclass(frozen=True, kw_only=True)
class TurnSagaBack(_HandleSaga):
    """Take back every step that was done, also after the point of no return. A step without a way back waits for
    somebody who undoes it by hand."""

    audit_message = "sent back {result}"
