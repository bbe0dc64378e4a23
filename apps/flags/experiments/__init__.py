"""Experiments: exposures once per unit, outcomes per variant, and the difference between variants."""
