"""Commands of the lifecycle of a tenant: its features are set up, disabled and enabled."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.bus import Command

from .changes import MANAGE


@dataclass(frozen=True, kw_only=True)
class SetUpFeatures(Command):
    """Make the tenant's own feature configuration. Its plan decides what it may use, and its overrides narrow that."""

    permission = MANAGE
    audit_message = gettext_noop("set up the features of the plan {plan}")

    plan: str


@dataclass(frozen=True, kw_only=True)
class DisableFeatures(Command):
    """Turn off every feature of the tenant, until they are enabled. Its overrides stay as they are."""

    permission = MANAGE
    runs_while_closed = True
    audit_message = gettext_noop("disabled the features: {reason}")

    reason: str


@dataclass(frozen=True, kw_only=True)
class EnableFeatures(Command):
    """Turn the features of the tenant on again, as its plan and its overrides allow."""

    permission = MANAGE
    runs_while_closed = True
    audit_message = gettext_noop("enabled the features: {reason}")

    reason: str
