"""The refusals of flags."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import BadRequest, Conflict, Invalid, NotFound, Refusal
from apps.kernel.reasons import ReasonRequired


class FeatureFlagRefusal(Refusal):
    """The family of refusals of flags."""


class FlagNotFound(NotFound, FeatureFlagRefusal):
    message = _("There is no flag {key!r}.")


class FlagExists(Conflict, FeatureFlagRefusal):
    message = _("There is already a flag {key!r}.")
    enforced_by = ("flags_flag_key_key",)


class FlagKeyMalformed(Invalid, FeatureFlagRefusal):
    message = _(
        "{key!r} is no key of a flag: it has 1 to 100 of the characters A-Z a-z 0-9 . _ -, the first a letter or digit."
    )
    enforced_by = ("flags_key_fits_addresses",)


class FlagVariableTaken(Conflict, FeatureFlagRefusal):
    """Both would be switched off by one variable of the environment."""

    message = _("The flag {key!r} has the same variable as {other!r}: {variable}.")


class FlagIsKilled(Conflict, FeatureFlagRefusal):
    message = _("The flag {key!r} is killed. Publish it as disabled and revive it, before it is retired.")


class FlagConflict(Conflict, FeatureFlagRefusal):
    """The data has changed since the change was made, or flags contradict one another. After a change, `diff` is JSON:
    of each place the values in the base, as published and as proposed."""

    message = _("The change of {key!r} conflicts: {why}")
    enforced_by = ("BF003",)


class FlagInvalid(Invalid, FeatureFlagRefusal):
    """A problem of a document. `problem` is its code, `place` a JSON pointer."""

    message = _("{place} of {key!r}: {why}")


class LifetimeTooLong(Invalid, FeatureFlagRefusal):
    message = _("A flag of the category {category} expires after today, and by {latest} at the latest.")


class CategoryUnknown(Invalid, FeatureFlagRefusal):
    message = _("There is no category {category!r}. Known are: {known}.")


class OwnerMissing(Invalid, FeatureFlagRefusal):
    message = _("A flag has an owner: the e-mail address of the person or team that answers for it.")


class FlagsAreOfThePlatform(Invalid, FeatureFlagRefusal):
    """Tenants have overrides only, and the platform has none."""

    message = _(
        "A {kind} cannot be changed here: tenants narrow flags by overrides, the platform defines the rest."
    )
    enforced_by = ("BF004", "BF005")


class ChangeSetNotFound(NotFound, FeatureFlagRefusal):
    message = _("There is no change set {change_set_id}.")


class ChangeSetFixed(Conflict, FeatureFlagRefusal):
    """It was published, withdrawn or became void. The content of a draft does not change either."""

    message = _("Change set {change_set_id} is {state}, and its content is fixed.")
    enforced_by = ("BF001",)


class NothingChanged(Invalid, FeatureFlagRefusal):
    message = _("Nothing would change: the documents are those that are published.")


class DuplicateChange(Invalid, FeatureFlagRefusal):
    message = _("The {kind} {key!r} is changed twice in one change set.")


class EffectiveInThePast(Invalid, FeatureFlagRefusal):
    message = _("A change takes effect in the future, or at its publication if no time is named.")


class PreviewMissing(Conflict, FeatureFlagRefusal):
    """In production, and for flags that guard postings."""

    message = _(
        "The effect of change set {change_set_id} has not been computed yet. Compute it, then publish."
    )


class ChangeScheduled(Conflict, FeatureFlagRefusal):
    """An edit of what is not served yet would serve it before its date."""

    message = _(
        "{key!r} changes at {effective_at}, by change set {change_set_id}. Cancel that first, or date this change from"
        " then on."
    )


class NotScheduled(Conflict, FeatureFlagRefusal):
    message = _("Change set {change_set_id} waits for no date: it is {state}.")


class ChangeContinued(Conflict, FeatureFlagRefusal):
    message = _("Change set {other_id} continues change set {change_set_id}. Cancel it first.")


class PreviewInvalid(Conflict, FeatureFlagRefusal):
    """It was stored by another way than its computation, for another content, or long ago."""

    message = _("The effect of change set {change_set_id} is not the computed one. Compute it again.")


class RevisionNotFound(NotFound, FeatureFlagRefusal):
    message = _("There is no published revision {revision_id}.")


class ImportMalformed(Invalid, FeatureFlagRefusal):
    message = _("{place} of the file: {why}")


class FlagNotKilled(NotFound, FeatureFlagRefusal):
    message = _("The flag {key!r} was never killed.")


class KillNotFound(NotFound, FeatureFlagRefusal):
    message = _("There is no kill {kill_id}.")


class AlreadyKilled(Conflict, FeatureFlagRefusal):
    message = _("The flag {key!r} is killed already.")
    enforced_by = ("flags_one_active_kill",)


class KillFixed(Conflict, FeatureFlagRefusal):
    """It has ended, or has its review."""

    message = _("Kill {kill_id} cannot be changed any more.")
    enforced_by = ("BF002",)


class ReviewByAnotherPerson(Conflict, FeatureFlagRefusal):
    message = _("A kill is reviewed by another person than its author.")
    enforced_by = ("flags_kill_is_reviewed_by_another_person",)


class FlagEvaluationFailed(FeatureFlagRefusal):
    """Raised by tools that show an evaluation; `evaluate` itself returns the default."""

    message = _("The flag {key!r} could not be evaluated: {why}")


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


class RolloutOfKilledFlag(Conflict, FeatureFlagRefusal):
    message = _("The flag {key!r} is killed: its rollout starts, advances and resumes after the revival.")
    enforced_by = ("BF026",)


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


class ContextInvalid(BadRequest, FeatureFlagRefusal):
    message = _("The context of the evaluation is not valid: {why}.")


class TargetingKeyMissing(BadRequest, FeatureFlagRefusal):
    message = _("The flag {key!r} is decided by user, and the context has no targetingKey.")
