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


class FlagNotKilled(NotFound, FeatureFlagRefusal):
    message = _("The flag {key!r} was never killed.")


class KillNotFound(NotFound, FeatureFlagRefusal):
    message = _("There is no kill {kill_id}.")


class ReasonMissing(ReasonRequired, FeatureFlagRefusal):
    """For a change of flags, a kill and its end."""


class RolloutNotFound(NotFound, FeatureFlagRefusal):
    message = _("The flag {key!r} has no rollout.")


class RolloutNotPlanned(Conflict, FeatureFlagRefusal):
    message = _("The published revision of {key!r} plans no rollout: it has no stages.")


class RolloutInProgress(Conflict, FeatureFlagRefusal):
    message = _("A rollout of {key!r} is in progress.")
    enforced_by = ("flags_one_active_rollout",)


class RolloutWasStarted(Conflict, FeatureFlagRefusal):
    """To start a plan anew is to publish it anew, so that it is approved anew."""

    message = _("The rollout of this revision was started before. Publish its plan again to start it again.")
    enforced_by = ("flags_rollout_revision_id_key",)


class RolloutStepRefused(Conflict, FeatureFlagRefusal):
    message = _("The rollout of {key!r} is {state}, so it cannot be changed like this.")
    enforced_by = ("BF021",)


class RolloutOutsidePlan(Conflict, FeatureFlagRefusal):
    message = _("The plan that is served for {key!r} does not allow this stage.")
    enforced_by = ("BF022",)


class RolloutStageLasts(Conflict, FeatureFlagRefusal):
    message = _("The present stage of {key!r} lasts until {until}.")
    enforced_by = ("BF023",)


class ExtensionNotCounted(Conflict, FeatureFlagRefusal):
    message = _("An extension of {key!r} must be counted.")
    enforced_by = ("BF024",)


class ExtensionRefused(Conflict, FeatureFlagRefusal):
    message = _("The flag {key!r} cannot be extended: {why}")


class FlagIsRetired(Conflict, FeatureFlagRefusal):
    message = _("The flag {key!r} is retired.")
