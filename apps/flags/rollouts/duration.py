"""The metric of rollouts."""

from prometheus_client import Histogram

from apps.flags.models import Rollout

DAY_S = 24 * 3600
ROLLOUT_SECONDS = Histogram(
    "bursar_feature_flag_rollout_duration_seconds",
    "Duration of rollouts from their start to their completion or roll-back (feature_flag.rollout.duration).",
    ("outcome",),
    buckets=(60, 600, 3600, 6 * 3600, DAY_S, 3 * DAY_S, 7 * DAY_S, 14 * DAY_S, 30 * DAY_S, 90 * DAY_S),
)


def measure(rollout: Rollout) -> None:
    """Of a rollout that has ended."""
    if rollout.ended_at is not None:
        seconds = (rollout.ended_at - rollout.started_at).total_seconds()
        ROLLOUT_SECONDS.labels(rollout.state).observe(seconds)
