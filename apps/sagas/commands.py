"""Commands of operators on a run. The reason goes to the audit log and to the log of the run."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class _HandleSaga(Command):
    permission = "sagas.manage_sagas"

    run_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RetrySaga(_HandleSaga):
    """Retry the current step or its compensation, with the full number of attempts."""

    audit_message = gettext_noop("retried {result}")


@dataclass(frozen=True, kw_only=True)
class SkipSagaStep(_HandleSaga):
    """Continue as if the current step were done. Its effects must have been produced by hand before."""

    audit_message = gettext_noop("skipped a step of {result}")


@dataclass(frozen=True, kw_only=True)
class CompensateSaga(_HandleSaga):
    """Roll back every completed step, also after the pivot. A step without a compensation then needs an operator to
    reverse it by hand."""

    audit_message = gettext_noop("started the rollback of {result}")
