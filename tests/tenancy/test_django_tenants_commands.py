"""Commands of django-tenants: an equivalent command of Bursar, or a refusal with exit code 2 that names one."""

from __future__ import annotations

from importlib.resources import files

import pytest
from django.core.management import CommandError, call_command, execute_from_command_line, get_commands

from apps.audit.models import Record
from apps.tenancy.errors import TenantUnknown
from apps.tenancy.models import Tenant

REFUSED = {
    "collectstatic_schemas",
    "create_domain",
    "create_missing_schemas",
    "create_tenant_superuser",
    "delete_domain",
    "rename_schema",
}
REPLACED = {
    "all_tenants_command",
    "clone_tenant",
    "create_tenant",
    "delete_tenant",
    "migrate",
    "migrate_schemas",
    "tenant_command",
}

PRINT_SCHEMA = "from django.db import connection; print(connection.schema_name)"


def commands_of_the_library() -> set[str]:
    folder = files("django_tenants.management.commands")
    return {file.name.removesuffix(".py") for file in folder.iterdir() if file.name.endswith(".py")} - {
        "__init__"
    }


def test_no_command_of_the_library_is_reachable():
    reachable = {name for name, app in get_commands().items() if app == "django_tenants"}

    assert reachable == set()
    assert commands_of_the_library() == REFUSED | REPLACED


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_command_without_a_meaning_here_names_what_to_use(name, capsys):
    with pytest.raises(SystemExit) as ended:
        execute_from_command_line(["manage.py", name, "--schema", "acme", "x"])

    assert ended.value.code == 2
    assert f"`manage.py {name}` is not available. Use " in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_call_of_a_command_without_a_meaning_here_is_refused(name):
    with pytest.raises(CommandError) as refused:
        call_command(name)

    assert refused.value.returncode == 2


@pytest.mark.parametrize("named", ["acme", "schema"])
def test_tenant_command_runs_inside_the_tenant(acme, capsys, named):
    name = acme.schema if named == "schema" else named

    call_command("tenant_command", "shell", "-s", name, "--no-imports", "-c", PRINT_SCHEMA)

    assert acme.schema in capsys.readouterr().out


def test_tenant_command_without_a_tenant_is_refused(db):
    with pytest.raises(CommandError, match="Name the tenant") as refused:
        call_command("tenant_command", "shell")

    assert refused.value.returncode == 2


def test_tenant_command_for_an_unknown_tenant_is_refused(db):
    with pytest.raises(TenantUnknown):
        call_command("tenant_command", "shell", "-s", "initech")


def test_all_tenants_command_runs_inside_each_tenant(acme, globex, capsys):
    call_command("all_tenants_command", "shell", "--no-imports", "-c", PRINT_SCHEMA)

    lines = capsys.readouterr().out.split()
    assert lines == ["acme:", acme.schema, "globex:", globex.schema]


@pytest.mark.physical_copy
def test_create_tenant_onboards_through_the_bus(db, capsys):
    call_command("create_tenant", "initech", "--name", "Initech", "--owner-email", "o@initech.example")

    assert Tenant.objects.get(slug="initech").state == Tenant.State.ACTIVE
    assert Record.objects.filter(command="operations.onboard_tenant").exists()


def test_delete_tenant_of_an_active_tenant_is_refused_by_the_rule(acme, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("delete_tenant", "acme", "--reason", "On request.")

    assert ended.value.code == 3
    assert "tenancy.tenant_cannot_become" in capsys.readouterr().err


def test_clone_tenant_makes_a_sandbox(acme, capsys):
    call_command("clone_tenant", "acme", "--as", "acme-test", "--dry-run")

    assert "would be cloned as acme-test" in capsys.readouterr().out
