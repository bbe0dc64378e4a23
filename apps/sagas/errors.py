"""Refusals of sagas."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, NotFound


class SagaRunUnknown(NotFound):
    message = _("There is no saga run {run_id}.")


class SagaHasEnded(Conflict):
    message = _("{run} has ended: {state}.")


class SagaNeedsNoOperator(Conflict):
    message = _("{run} does not need an operator: {state}.")


class SagaAlreadyCompensating(Conflict):
    message = _("{run} is already rolling back.")


class RunIsBusy(Conflict):
    message = _("{run} is running at this moment, at “{step}”.")
    retry_after = 2


class DeadlinePassed(Conflict):
    message = _("The deadline of {what} was {deadline}.")


class WorkerLost(Conflict):
    message = _("The worker was lost in each of {attempts} attempts at “{step}”.")


class StepUnknown(Conflict):
    message = _("The step “{step}” is no longer part of the saga {saga}.")
