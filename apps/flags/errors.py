"""The refusals of flags."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal
from apps.kernel.reasons import ReasonRequired


class FeatureFlagRefusal(Refusal):
    """The family of refusals of flags."""


class FlagNotFound(NotFound, FeatureFlagRefusal):
    message = _("There is no flag {key!r}.")


class FlagConflict(Conflict, FeatureFlagRefusal):
    """The data has changed since the change was made, or flags contradict one another."""

    message = _("The change of {key!r} conflicts: {why}")


class FlagInvalid(Invalid, FeatureFlagRefusal):
    message = _("{place} of {key!r}: {why}")


class FlagEvaluationFailed(FeatureFlagRefusal):
    """Raised by tools that show an evaluation; `evaluate` itself returns the default."""

    message = _("The flag {key!r} could not be evaluated: {why}")


class ChangeSetNotFound(NotFound, FeatureFlagRefusal):
    message = _("There is no change set {change_set_id}.")


class KillNotFound(NotFound, FeatureFlagRefusal):
    message = _("There is no kill {kill_id}.")


class ReasonMissing(ReasonRequired, FeatureFlagRefusal):
    """For a change of flags, a kill and its end."""
