"""Confidence intervals of proportions, in closed form."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95


class Interval(NamedTuple):
    low: float
    high: float


def wilson(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of one proportion: E. B. Wilson, Probable inference, the law of succession, and statistical
    inference, Journal of the American Statistical Association 22 (1927), 209–212."""
    if trials == 0:
        return Interval(0.0, 1.0)
    z = _z(confidence)
    p = successes / trials
    centre, half = p + z * z / (2 * trials), z * sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return Interval(max((centre - half) / scale, 0.0), min((centre + half) / scale, 1.0))


def newcombe(
    successes: int, trials: int, base_successes: int, base_trials: int, confidence: float = CONFIDENCE
) -> Interval:
    """Of the difference of two independent proportions, from their score intervals, without continuity correction:
    method 10 of R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17 (1998), 873–890."""
    if trials == 0 or base_trials == 0:
        return Interval(-1.0, 1.0)
    p, q = successes / trials, base_successes / base_trials
    own, base = wilson(successes, trials, confidence), wilson(base_successes, base_trials, confidence)
    below, above = (
        sqrt((p - own.low) ** 2 + (base.high - q) ** 2),
        sqrt((own.high - p) ** 2 + (q - base.low) ** 2),
    )
    return Interval(max(p - q - below, -1.0), min(p - q + above, 1.0))


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
