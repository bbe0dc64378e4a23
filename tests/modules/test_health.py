"""What /healthz answers to a load balancer."""

from __future__ import annotations

import json

import pytest
from django.test import RequestFactory

from apps.kernel.manifest import Module
from apps.modules import registry
from apps.modules.health import healthz


@pytest.fixture
def answer(monkeypatch):
    """`answer(a="degraded")`: the status code and the body while the module `a` reports that."""

    def asked(**health):
        modules = [
            Module(
                name=name,
                version="1.0.0",
                description="For a test.",
                flag=name,
                health=lambda said=said: said,
            )
            for name, said in health.items()
        ]
        monkeypatch.setattr(registry, "modules", lambda: modules)
        response = healthz(RequestFactory().get("/healthz"))
        return response.status_code, json.loads(response.content)

    return asked


@pytest.mark.parametrize("health", ["healthy", "degraded"])
def test_the_process_is_ok_while_no_module_is_unhealthy(answer, health):
    assert answer(a="healthy", b=health) == (200, {"status": "ok", "modules": {"a": "healthy", "b": health}})


def test_one_unhealthy_module_makes_the_process_unavailable(answer):
    assert answer(a="degraded", b="unhealthy") == (
        503,
        {"status": "unhealthy", "modules": {"a": "degraded", "b": "unhealthy"}},
    )


def test_the_health_of_a_module_that_is_off_is_not_asked(answer, settings):
    settings.FEATURE_FLAGS = {"b": False}

    assert answer(a="healthy", b="unhealthy") == (200, {"status": "ok", "modules": {"a": "healthy"}})
