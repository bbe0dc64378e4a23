"""Short names that no tenant may have: reserved ones, and those that look like another one."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection

from apps.bus import dry_run
from apps.kernel.db.violations import refusal_behind
from apps.operations.commands import OnboardTenant
from apps.tenancy.tenant_names import RESERVED, skeleton

ALIKE = ("acrne", "ac-me", "acm-e")
RESERVED_FORMS = (
    "admin",
    "adm1n",
    "adrnin",
    "ad-min",
    "api",
    "www",
    "vvvvw",
    "static",
    "xn--acme",
    "pg-toast",
    "pg-x",
)


def test_names_that_look_alike_have_the_same_skeleton():
    for one, other in (
        *(
            ("acme", "acrne"),
            ("acme", "ac-me"),
            ("globex", "gl0bex"),
            ("globex", "g1obex"),
            ("globex", "giobex"),
        ),
        *(
            ("hill", "h111"),
            ("hill", "hlll"),
            ("wave", "vvave"),
            ("dough", "clough"),
            ("5un", "sun"),
            ("a-b-c", "abc"),
        ),
    ):
        assert skeleton(one) == skeleton(other), (one, other)
    for one, other in (
        ("acme", "acne"),
        ("globex", "globes"),
        ("shop-2", "shop-3"),
        ("shop-1", "shop-7"),
        ("add", "acid"),
    ):
        assert skeleton(one) != skeleton(other), (one, other)


def codes_of(slug: str, operator: object) -> list[str]:
    command = OnboardTenant(slug=slug, name="New", owner_email="o@new.example")
    return [refusal.code for refusal in dry_run(command, actor=operator)]


def test_a_tenant_named_like_another_one_is_refused(acme, operator):
    for slug in (*ALIKE, "gl0bex", "giobex", "g-lobex"):
        assert codes_of(slug, operator) == ["tenancy.slug_confusable"], slug
    assert codes_of("acme", operator) == ["tenancy.slug_taken"]
    assert codes_of("acne", operator) == []


def test_a_tenant_with_a_reserved_name_or_one_like_it_is_refused(operator):
    for slug in (*RESERVED_FORMS, *(name for name in RESERVED if len(name) > 1)):
        assert codes_of(slug, operator) == ["tenancy.slug_reserved"], slug


@pytest.mark.parametrize(
    ("slug", "code"),
    [
        *((name, "tenancy.slug_reserved") for name in ("admin", "public", "pg-x", "xn--acme")),
        *((name, "tenancy.slug_confusable") for name in ("gl0bex", "g-lobex", "giobex")),
    ],
)
def test_the_database_refuses_the_name_too(acme, slug, code):
    with pytest.raises(IntegrityError) as refused, connection.cursor() as cursor:
        cursor.execute("UPDATE tenancy_tenant SET slug = %s WHERE id = %s", [slug, acme.id])

    refusal = refusal_behind(refused.value)
    assert refusal is not None
    assert refusal.code == code
