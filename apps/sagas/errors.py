"""What sagas refuse."""

from apps.kernel.errors import Conflict, NotFound, Refusal


class SagasRefusal(Refusal):
    """The family of sagas."""


class SagaRunUnknown(SagasRefusal, NotFound):
    message = "There is no saga run {run_id}."


class SagaHasEnded(SagasRefusal, Conflict):
    message = "{run} has ended: {state}."


class SagaNeedsNobody(SagasRefusal, Conflict):
    message = "{run} does not wait for an operator: {state}."


class SagaTurnsBackAlready(SagasRefusal, Conflict):
    message = "{run} is on its way back already."


class RunIsBusy(SagasRefusal, Conflict):
    message = "{run} is under way at this moment, at “{step}”."
    retry_after = 2


class DeadlinePassed(SagasRefusal, Conflict):
    message = "{what} was to be done by {deadline}."


class WorkerLost(SagasRefusal, Conflict):
    message = "The worker was lost each of the {attempts} times that “{step}” was tried."


class StepUnknown(SagasRefusal, Conflict):
    message = "The step “{step}” is no longer part of the saga {saga}."
