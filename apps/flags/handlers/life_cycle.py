"""The owner of a flag, its extensions, and its end."""

from __future__ import annotations

from apps.bus import dispatch, handles
from apps.flags import queries
from apps.flags.commands import ExtendFlag, ItemChange, ProposeChange, RetireFlag, TransferFlag
from apps.flags.documents import FLAG
from apps.flags.errors import ReasonMissing
from apps.flags.models import ChangeSet, Flag
from apps.flags.policies import day_of_expiry
from apps.flags.rules import kills, register
from apps.flags.rules import life_cycle as rules
from apps.flags.rules.rollouts import flag_must_be_in_use
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given


def check_extension(command: ExtendFlag) -> Flag:
    """The dry run. The extension itself needs an approval in the database."""
    reason_must_be_given(command.reason, ReasonMissing)
    flag = rules.flag_with_id_must_be_in_use(command.flag_id)
    with together() as checks:
        checks.check(rules.extension_must_be_left, flag)
        checks.check(rules.extension_must_be_later, flag, command.expires_on)
        checks.check(register.expiry_must_fit_category, flag.category, command.expires_on, day_of_expiry())
    return flag


@handles(ExtendFlag, dry_run=check_extension)
def extend_flag(command: ExtendFlag) -> Flag:
    flag = check_extension(command)

    flag.change(expires_on=command.expires_on, extensions=flag.extensions + 1)
    return flag


@handles(TransferFlag)
def transfer_flag(command: TransferFlag) -> Flag:
    with together() as checks:
        checks.check(reason_must_be_given, command.reason, ReasonMissing)
        owner = checks.check(register.owner_must_be_given, command.owner)
    flag = flag_must_be_in_use(command.key)

    flag.change(owner=owner)
    return flag


@handles(RetireFlag)
def retire_flag(command: RetireFlag) -> ChangeSet | Flag:
    """The draft that retires it. A flag that was never published serves nothing, so it is retired at once."""
    reason = reason_must_be_given(command.reason, ReasonMissing)
    flag = flag_must_be_in_use(command.key)
    rules.rollout_must_have_ended(flag)
    base = queries.latest(FLAG, flag.key)
    item = ItemChange(FLAG, flag.key, None, base.pk if base else 0)
    kills.flag_must_not_be_retired_by([item])
    if base is None:
        flag.change(retired_at=now())
        return flag

    draft: ChangeSet = dispatch(ProposeChange(items=(item,), reason=reason, origin="retire"))
    return draft
