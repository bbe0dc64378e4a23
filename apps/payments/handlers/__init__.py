"""Handlers of the commands of payments. Listeners call the providers after commit."""

from . import credits, payments
