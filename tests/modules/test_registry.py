"""The module system: the contract of a manifest, and the order in which modules stand up."""

from dataclasses import replace

import pytest
from django.core import checks

from apps.kernel.manifest import Module
from apps.modules import registry
from apps.modules.checks import (
    manifests_match_emitted_and_subscribed_events,
    modules_stand,
    subscribed_events_are_emitted,
)
from apps.modules.errors import ContractBroken, DependenciesCircular, DependencyMissing
from apps.modules.ordering import in_order


def module(name, *dependencies, **fields):
    values = {"version": "1.0.0", "description": "For a test.", **fields}
    return Module(name=name, dependencies=dependencies, **values)


def ordered(*modules):
    return [each.name for each in in_order({module.name: module for module in modules})]


def test_what_a_module_depends_on_comes_before_it():
    assert ordered(module("a", "b", "c"), module("b", "c"), module("c")) == ["c", "b", "a"]


def test_a_missing_dependency_is_refused():
    with pytest.raises(DependencyMissing, match="a depends on b"):
        ordered(module("a", "b"))


def test_a_circle_is_refused_and_shown():
    with pytest.raises(DependenciesCircular, match=r"→"):
        ordered(module("a", "b"), module("b", "c"), module("c", "a"))


@pytest.mark.parametrize("name", ["fixedAssets", "fixed_assets", "Ledger", "-a", "a-", "a--b", "", "1a"])
def test_names_are_kebab_case(name):
    with pytest.raises(ContractBroken, match="kebab-case"):
        registry.check("apps.x", module(name))


@pytest.mark.parametrize("name", ["ledger", "fixed-assets", "b2b-sales"])
def test_kebab_case_is_accepted(name):
    registry.check("apps.x", module(name))


def test_version_and_description_are_checked():
    with pytest.raises(ContractBroken, match=r"x\.y\.z"):
        registry.check("apps.x", module("a", version="1"))
    with pytest.raises(ContractBroken, match="description"):
        registry.check("apps.x", module("a", description=" "))


def test_an_app_without_a_manifest_is_refused():
    with pytest.raises(ContractBroken, match=r"no module\.py"):
        registry.manifest_of("apps.kernel")


def test_every_app_of_ours_declares_itself_and_stands_after_what_it_needs():
    names = [module.name for module in registry.modules()]

    assert {"bus", "events", "audit", "tenancy", "identity", "periods", "ledger"} <= set(names)
    for each in registry.modules():
        assert all(names.index(needed) < names.index(each.name) for needed in each.dependencies)


def test_what_manifests_publish_and_hear_is_what_the_code_does():
    assert manifests_match_emitted_and_subscribed_events() == []


@pytest.mark.parametrize(
    ("word", "left"), [("publishes", "'period.closed'"), ("subscribes", "'entry.posted'")]
)
def test_a_manifest_that_says_otherwise_does_not_start(monkeypatch, word, left):
    modules = [replace(module, **{word: ()}) for module in registry.modules()]
    monkeypatch.setattr(registry, "modules", lambda: modules)

    found = manifests_match_emitted_and_subscribed_events()

    assert {each.id for each in found} == {"modules.E002"}
    assert any(f"{word} is {{}}, in the code" in each.msg and left in each.msg for each in found)


def test_modules_that_do_not_fit_together_do_not_start(monkeypatch):
    assert modules_stand() == []

    def missing():
        raise DependencyMissing(module="a", dependency="b")

    monkeypatch.setattr(registry, "modules", missing)
    (error,) = modules_stand()

    assert error.id == "modules.E001"


def test_the_checks_of_modules_run_at_the_start():
    assert {
        modules_stand,
        manifests_match_emitted_and_subscribed_events,
        subscribed_events_are_emitted,
    } <= set(checks.registry.registry.get_checks())


def test_every_permission_that_is_granted_exists(db):
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


def test_the_endpoints_of_a_module_that_is_off_are_not_there(client_for, owner, settings, monkeypatch):
    client = client_for(owner)
    path = "/t/acme/api/v1/companies/companies/"
    assert client.get(path).status_code == 200

    off = replace(registry.by_name()["companies"], flag="companies")
    monkeypatch.setattr(registry, "by_name", lambda: {"companies": off})
    settings.FEATURE_FLAGS = {"companies": False}
    response = client.get(path)

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
