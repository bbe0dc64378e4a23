"""Refusals of sagas."""

from apps.kernel.errors import Conflict, NotFound, Refusal


class SagasRefusal(Refusal):
    """The family of sagas."""


class SagaRunUnknown(SagasRefusal, NotFound):
    message = "There is no saga run {run_id}."


class SagaHasEnded(SagasRefusal, Conflict):
    message = "{run} has ended: {state}."


class SagaNeedsNoOperator(SagasRefusal, Conflict):
    message = "{run} does not need an operator: {state}."


class SagaAlreadyCompensating(SagasRefusal, Conflict):
    message = "{run} is already rolling back."


class RunIsBusy(SagasRefusal, Conflict):
    message = "{run} is running at this moment, at “{step}”."
    retry_after = 2


class DeadlinePassed(SagasRefusal, Conflict):
    message = "The deadline of {what} was {deadline}."


class WorkerLost(SagasRefusal, Conflict):
    message = "The worker was lost in each of {attempts} attempts at “{step}”."


class StepUnknown(SagasRefusal, Conflict):
    message = "The step “{step}” is no longer part of the saga {saga}."
