"""What is recorded about stale flags."""

from __future__ import annotations

from apps.bus import handles
from apps.events import publish
from apps.flags.commands import ReportStaleFlag
from apps.flags.events import FeatureFlagStale
from apps.flags.life_cycle import alerts
from apps.flags.life_cycle.staleness import stale_flags
from apps.flags.models import StaleFlag
from apps.flags.rules import rollouts as rules
from apps.kernel.clock import now


@handles(ReportStaleFlag, emits=(FeatureFlagStale,))
def report_stale_flag(command: ReportStaleFlag) -> StaleFlag | None:
    """None if the flag is not and was not stale. The reasons are those that are true now."""
    flag = rules.flag_must_exist(command.key)
    stale = stale_flags().get(flag.key)
    if flag.is_retired and StaleFlag.objects.filter(key=flag.key).exists():
        alerts.alert_retirement(flag)
    period = StaleFlag.objects.select_for_update().filter(key=flag.key, ended_at=None).first()
    if stale is None and period is None:
        return None
    reasons = stale.reasons if stale else ()

    if period is None:
        period = StaleFlag.objects.create(key=flag.key, reasons=list(reasons), since_at=now())
        publish(FeatureFlagStale(flag=flag.key, owner=flag.owner, reasons=reasons))
    if stale is None:
        period.ended_at = now()
        if not flag.is_retired:
            alerts.alert_end(flag)
        publish(FeatureFlagStale(flag=flag.key, owner=flag.owner, reasons=()))
    else:
        period.reasons = list(reasons)
        if alerts.is_alert_due(period):
            alerts.alert(period, stale)
    period.save()
    return period
