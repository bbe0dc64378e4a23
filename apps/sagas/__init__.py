"""Journeys with a way back: steps that are commands, each with its compensation."""

from .base import NOTHING, SAGAS, Asked, Cause, Errand, Saga, Step, Wait

__all__ = ["NOTHING", "SAGAS", "Asked", "Cause", "Errand", "Saga", "Step", "Wait"]
