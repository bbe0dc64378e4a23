"""What preferences plug into hooks: a tenant's word on who comes in."""

from apps.identity.hooks import support_check

from . import rules

support_check(rules.support_must_be_wanted)
