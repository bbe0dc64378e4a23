"""The module system: validation of manifests, and the order of modules."""

from dataclasses import replace

import pytest
from django.core import checks

from apps.kernel.manifest import Module
from apps.modules import registry
from apps.modules.checks import (
    manifests_match_emitted_and_subscribed_events,
    modules_are_valid,
    subscribed_events_are_emitted,
)
from apps.modules.errors import ContractBroken, DependenciesCircular, DependencyMissing
from apps.modules.ordering import in_order


def module(name, *dependencies, **fields):
    values = {"version": "1.0.0", "description": "For a test.", **fields}
    return Module(name=name, dependencies=dependencies, **values)


def ordered(*modules):
    return [module.name for module in in_order({module.name: module for module in modules})]


def test_dependencies_are_ordered_before_their_module():
    assert ordered(module("a", "b", "c"), module("b", "c"), module("c")) == ["c", "b", "a"]


def test_a_missing_dependency_is_refused():
    with pytest.raises(DependencyMissing, match="a depends on b"):
        ordered(module("a", "b"))


def test_a_cycle_is_refused():
    with pytest.raises(DependenciesCircular, match=r"→"):
        ordered(module("a", "b"), module("b", "c"), module("c", "a"))


@pytest.mark.parametrize("name", ["fixedAssets", "fixed_assets", "Ledger", "-a", "a-", "a--b", "", "1a"])
def test_a_name_that_is_not_kebab_case_is_refused(name):
    with pytest.raises(ContractBroken, match="kebab-case"):
        registry.check("apps.x", module(name))


@pytest.mark.parametrize("name", ["ledger", "fixed-assets", "b2b-sales"])
def test_kebab_case_is_accepted(name):
    registry.check("apps.x", module(name))


def test_an_invalid_version_or_description_is_refused():
    with pytest.raises(ContractBroken, match=r"x\.y\.z"):
        registry.check("apps.x", module("a", version="1"))
    with pytest.raises(ContractBroken, match="description"):
        registry.check("apps.x", module("a", description=" "))


def test_an_app_without_a_manifest_is_refused():
    with pytest.raises(ContractBroken, match=r"no module\.py"):
        registry.manifest_of("apps.kernel")


def test_every_app_has_a_manifest_after_its_dependencies():
    names = [module.name for module in registry.modules()]

    assert {"bus", "events", "audit", "tenancy", "identity", "periods", "ledger"} <= set(names)
    for module in registry.modules():
        assert all(names.index(needed) < names.index(module.name) for needed in module.dependencies)


def test_the_manifests_match_the_events_of_the_code():
    assert manifests_match_emitted_and_subscribed_events() == []


@pytest.mark.parametrize(
    ("field", "missing"), [("publishes", "'period.closed'"), ("subscribes", "'entry.posted'")]
)
def test_a_manifest_with_other_events_is_reported(monkeypatch, field, missing):
    modules = [replace(module, **{field: ()}) for module in registry.modules()]
    monkeypatch.setattr(registry, "modules", lambda: modules)

    errors = manifests_match_emitted_and_subscribed_events()

    assert {error.id for error in errors} == {"modules.E002"}
    assert any(f"{field} is {{}}, in the code" in error.msg and missing in error.msg for error in errors)


def test_an_invalid_set_of_modules_is_reported(monkeypatch):
    assert modules_are_valid() == []

    def fail():
        raise DependencyMissing(module="a", dependency="b")

    monkeypatch.setattr(registry, "modules", fail)
    (error,) = modules_are_valid()

    assert error.id == "modules.E001"


def test_the_checks_of_modules_are_registered():
    assert {
        modules_are_valid,
        manifests_match_emitted_and_subscribed_events,
        subscribed_events_are_emitted,
    } <= set(checks.registry.registry.get_checks())


def test_every_granted_permission_exists(db):
    from django.contrib.auth.models import Permission

    known = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }
    granted = {
        permission
        for module in registry.modules()
        for permissions in module.grants.values()
        for permission in permissions
    }

    assert granted
    assert granted - known == set()


def test_a_flag_turns_a_module_off(settings):
    flagged = module("a", flag="module-a")

    assert registry.is_on(flagged)
    settings.FEATURE_FLAGS = {"module-a": False}
    assert not registry.is_on(flagged)
    assert registry.is_on(module("b"))


def test_the_endpoints_of_a_module_that_is_off_return_404(client_for, owner, settings, monkeypatch):
    client = client_for(owner)
    path = "/t/acme/api/v1/companies/companies/"
    assert client.get(path).status_code == 200

    off = replace(registry.by_name()["companies"], flag="companies")
    monkeypatch.setattr(registry, "by_name", lambda: {"companies": off})
    settings.FEATURE_FLAGS = {"companies": False}
    response = client.get(path)

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
