"""The response of /healthz."""

from __future__ import annotations

import json

import pytest
from django.test import RequestFactory

from apps.kernel.manifest import Module
from apps.modules import registry
from apps.modules.health import healthz


@pytest.fixture
def get_health(monkeypatch):
    """`get_health(a="degraded")`: status code and body of the response while module `a` has that health."""

    def request_health(**health):
        modules = [
            Module(
                name=name,
                version="1.0.0",
                description="For a test.",
                flag=name,
                health=lambda status=status: status,
            )
            for name, status in health.items()
        ]
        monkeypatch.setattr(registry, "modules", lambda: modules)
        response = healthz(RequestFactory().get("/healthz"))
        return response.status_code, json.loads(response.content)

    return request_health


@pytest.mark.parametrize("health", ["healthy", "degraded"])
def test_the_process_is_ok_while_no_module_is_unhealthy(get_health, health):
    assert get_health(a="healthy", b=health) == (
        200,
        {"status": "ok", "modules": {"a": "healthy", "b": health}},
    )


def test_one_unhealthy_module_makes_the_process_unavailable(get_health):
    assert get_health(a="degraded", b="unhealthy") == (
        503,
        {"status": "unhealthy", "modules": {"a": "degraded", "b": "unhealthy"}},
    )


def test_a_module_that_is_off_is_ignored(get_health, settings):
    settings.FEATURE_FLAGS = {"b": False}

    assert get_health(a="healthy", b="unhealthy") == (200, {"status": "ok", "modules": {"a": "healthy"}})
