"""Implementation of a hook of identity: whether the tenant allows support access."""

from apps.impersonation.hooks import support_check

from . import rules

support_check(rules.support_access_must_be_enabled)
