"""The features of a tenant as a whole."""

from __future__ import annotations

from apps.bus import handles
from apps.flags.commands import DisableFeatures, EnableFeatures, SetUpFeatures
from apps.flags.errors import ReasonMissing
from apps.flags.models import FeatureConfiguration
from apps.flags.store import freshness
from apps.kernel.clock import now
from apps.kernel.reasons import reason_must_be_given

ONLY = 1


@handles(SetUpFeatures)
def set_up_features(command: SetUpFeatures) -> FeatureConfiguration:
    configuration, _ = FeatureConfiguration.objects.get_or_create(
        pk=ONLY, defaults={"plan": command.plan, "made_at": now()}
    )
    return configuration


@handles(DisableFeatures)
def disable_features(command: DisableFeatures) -> FeatureConfiguration:
    reason = reason_must_be_given(command.reason, ReasonMissing)
    configuration = _configuration()
    if configuration.disabled_at is None:
        configuration.disabled_at, configuration.reason = now(), reason
        configuration.save()
        freshness.changed()
    return configuration


@handles(EnableFeatures)
def enable_features(command: EnableFeatures) -> FeatureConfiguration:
    reason_must_be_given(command.reason, ReasonMissing)
    configuration = _configuration()
    configuration.disabled_at, configuration.reason = None, ""
    configuration.save()
    freshness.changed()
    return configuration


def _configuration() -> FeatureConfiguration:
    """Of tenants from before this app, it is made now."""
    configuration, _ = FeatureConfiguration.objects.select_for_update().get_or_create(
        pk=ONLY, defaults={"plan": "", "made_at": now()}
    )
    return configuration
