"""Playwright drives the browser from an event loop in this very thread, where Django would refuse its database."""

from config.env import put

put(django_allow_async_unsafe="true")
