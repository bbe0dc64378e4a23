"""Handlers of the commands of backups."""

from . import requests, transfers
