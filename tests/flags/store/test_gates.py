"""Gates: of commands, endpoints, tasks, templates and modules. Each fails here when it is removed."""

from dataclasses import replace

import pytest
from celery import shared_task
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template

from apps.bus import dispatch
from apps.bus.errors import FeatureOff
from apps.companies import queries as companies
from apps.companies.api import views
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.flags import queries, testing
from apps.flags.store import served
from apps.kernel.actors import System
from apps.kernel.features import is_open
from apps.kernel.queues.tasks import DefaultTask
from apps.kernel.tenant import activate
from apps.modules import registry
from tests.support.served_flags import KEY, declared, document, kill, narrow, serve

pytestmark = pytest.mark.django_db
PLANT = FoundCompany(code="PLANT", name="Plant", currency="EUR")


@pytest.fixture
def flag(db):
    with declared() as declaration:
        served.SERVED.forget()
        yield declaration
    served.SERVED.forget()


def test_a_command_is_closed_for_one_tenant_only(acme, globex, owner, monkeypatch, flag):
    monkeypatch.setattr(FoundCompany, "flag", KEY)
    serve(document())
    with activate(acme):
        narrow(enabled=False)
        with pytest.raises(FeatureOff, match=KEY):
            dispatch(PLANT, actor=owner)
        assert not Company.objects.filter(code="PLANT").exists()
    with activate(globex):
        dispatch(PLANT, actor=_owner_of(globex))
        assert Company.objects.filter(code="PLANT").exists()


def _owner_of(tenant):
    from apps.identity.models import User

    return User.objects.get(email=f"owner@{tenant.slug}.example")


def test_a_command_passes_by_the_roles_of_its_actor(at_acme, owner, controller, monkeypatch, flag):
    monkeypatch.setattr(FoundCompany, "flag", KEY)
    with activate(None):
        serve(document(roles=["controller"]))

    with pytest.raises(FeatureOff):
        dispatch(PLANT, actor=owner)


def test_a_module_is_closed_for_one_tenant_by_its_flag(acme, globex, flag, monkeypatch):
    module = replace(registry.by_name()["companies"], flag=KEY)
    serve(document())
    with activate(acme):
        narrow(enabled=False)
        assert not registry.is_open(module)
    with activate(globex):
        assert registry.is_open(module)


def test_a_name_without_a_flag_is_open_unless_the_environment_closes_it(db, settings):
    assert is_open("no-flag-of-that-name")

    settings.FEATURE_FLAGS = {"no-flag-of-that-name": False}

    assert not is_open("no-flag-of-that-name")


def test_an_endpoint_is_404_while_its_flag_is_off(client_for, owner, monkeypatch, flag):
    client, address = client_for(owner), "/t/acme/api/v1/companies/companies/"
    monkeypatch.setattr(views.Companies, "flag", flag, raising=False)
    assert client.get(address).status_code == 404

    with testing.override(flag, True):
        assert client.get(address).status_code == 200


def test_a_task_does_nothing_for_a_tenant_whose_flag_is_off(acme, globex, flag):
    ran = []

    @shared_task(base=DefaultTask, name="tests.behind_a_flag", flag=flag)
    def behind_a_flag():
        ran.append(1)

    serve(document())
    with activate(acme):
        narrow(enabled=False)
        behind_a_flag.apply(headers={"tenant": acme.id})
        assert ran == []
    with activate(globex):
        behind_a_flag.apply(headers={"tenant": globex.id})
    assert ran == [1]


def test_a_part_of_a_page_is_behind_a_flag(at_acme, flag):
    page = Template('{% load flags %}{% flag "sales.new-order-screen" %}new{% else %}old{% endflag %}')
    assert page.render(Context()) == "old"

    with activate(None):
        serve(document())
    assert page.render(Context()) == "new"
    with activate(None):
        kill()
    assert page.render(Context()) == "old"


def test_a_kill_closes_a_command_at_once(at_acme, owner, monkeypatch, flag):
    monkeypatch.setattr(FoundCompany, "flag", KEY)
    with activate(None):
        serve(document())
    dispatch(PLANT, actor=owner)
    with activate(None):
        kill()

    with pytest.raises(FeatureOff):
        dispatch(replace(PLANT, code="MILL"), actor=owner)


WEBHOOK = AnonymousUser()
"""A request without a user, such as a received webhook."""


@pytest.mark.parametrize("unit", ["tenant", "company", "user"])
def test_a_module_in_a_full_rollout_is_open_for_users_and_for_the_platform(at_acme, owner, flag, unit):
    module = replace(registry.by_name()["companies"], flag=KEY)
    with activate(None):
        serve(document(rollout={"unit": unit, "percentage": 100.0}))

    assert [registry.is_open(module, actor) for actor in (owner, System("The bank"), WEBHOOK, None)] == [
        True
    ] * 4


@pytest.mark.parametrize("unit", ["tenant", "company"])
def test_a_rollout_by_tenant_or_company_closes_the_module_for_the_platform_too(at_acme, owner, flag, unit):
    module = replace(registry.by_name()["companies"], flag=KEY)
    with activate(None):
        serve(document(rollout={"unit": unit, "percentage": 0.0}))

    assert [registry.is_open(module, actor) for actor in (owner, System("The bank"), WEBHOOK)] == [False] * 3


PERSON = {"attribute": "email", "op": "ends_with", "values": ["@example.com"]}


@pytest.mark.parametrize(
    "members",
    [
        {"rollout": {"unit": "user", "percentage": 0.0}},
        {"roles": ["controller"]},
        {"default_variant": "off", "rules": [{"name": "staff", "when": PERSON, "serve": "on"}]},
        {"default_variant": "off", "rules": [{"name": "staff", "when": {"segment": "staff"}, "serve": "on"}]},
    ],
)
def test_where_users_decide_the_platform_passes(at_acme, owner, flag, members):
    with activate(None):
        serve({"format": 1, "key": "staff", "when": PERSON}, "staff", kind="segment")
        serve(document(**members))

    assert not is_open(KEY, actor=owner)
    assert is_open(KEY, actor=System("The bank"))
    with activate(None):
        kill()
    assert not is_open(KEY, actor=System("The bank"))


@pytest.mark.parametrize("members", [{"percentage": 0.0}, {"roles": ["controller"]}])
def test_a_tenant_that_narrows_by_users_does_not_close_the_platform(at_acme, owner, flag, members):
    with activate(None):
        serve(document(rollout={"unit": "user", "percentage": 100.0}))
    narrow(**members)

    assert not is_open(KEY, actor=owner)
    assert is_open(KEY, actor=System("The bank"))
    narrow(enabled=False)
    assert not is_open(KEY, actor=System("The bank"))


@pytest.mark.parametrize(
    "members",
    [
        {"default_variant": "off"},
        {"enabled": False},
        {
            "default_variant": "off",
            "rules": [
                {
                    "name": "pilot",
                    "when": {"attribute": "tenant_slug", "op": "in", "values": ["globex"]},
                    "serve": "on",
                }
            ],
        },
    ],
)
def test_a_flag_that_no_user_decides_closes_the_platform(at_acme, flag, members):
    with activate(None):
        serve(document(**members))

    assert not is_open(KEY, actor=System("The bank"))


def test_a_rollout_by_company_follows_the_company_of_the_tenant_unless_another_is_named(at_acme, owner, flag):
    first = str(companies.first_company_id())
    when = {"attribute": "company", "op": "in", "values": [first]}
    with activate(None):
        serve(document(default_variant="off", rules=[{"name": "pilot", "when": when, "serve": "on"}]))

    assert queries.is_on(flag)
    assert is_open(KEY, actor=owner)
    assert not queries.is_on(flag, company="0")


def test_the_first_company_of_a_tenant_is_in_the_context_at_once(at_acme, owner):
    Company.objects.all().delete()
    companies.cached.invalidate()
    assert "company" not in queries.current_context()

    company = dispatch(PLANT, actor=owner)

    assert queries.current_context()["company"] == str(company.pk)


def test_the_platform_has_every_licensed_module(operator):
    licensed = [module for module in registry.modules() if module.licensed]

    assert {module.name: registry.is_open(module, operator) for module in licensed} == {
        module.name: True for module in licensed
    }
    assert len(licensed) > 3
