"""Multi-step processes across apps: each step is a command with its compensation."""

from .base import NO_COMPENSATION, SAGAS, ExternalStep, Saga, ScopedCommand, Step, Trigger, Wait

__all__ = ["NO_COMPENSATION", "SAGAS", "ExternalStep", "Saga", "ScopedCommand", "Step", "Trigger", "Wait"]
