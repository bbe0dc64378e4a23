"""Whether the administrators of a tenant admit support, answered to the hook of identity."""

from apps.identity.hooks import support_check

from . import rules

support_check(rules.support_access_must_be_enabled)
