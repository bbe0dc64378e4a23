"""Short names that no tenant may have: those of the platform, and those that a reader takes for another one."""

from __future__ import annotations

from django.conf import settings
from django.db.models import F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Replace

RESERVED = (
    *(
        "admin",
        "administrator",
        "root",
        "operator",
        "platform",
        "bursar",
        "console",
        "support",
        "security",
        "staff",
    ),
    *(
        "api",
        "www",
        "app",
        "static",
        "media",
        "assets",
        "cdn",
        "files",
        "t",
        "accounts",
        "account",
        "login",
        "logout",
    ),
    *(
        "auth",
        "oauth",
        "sso",
        "id",
        "healthz",
        "health",
        "metrics",
        "status",
        "docs",
        "help",
        "billing",
        "plan",
    ),
    *(
        "mail",
        "smtp",
        "imap",
        "pop",
        "ftp",
        "ns",
        "ns1",
        "ns2",
        "dns",
        "mx",
        "webmail",
        "autoconfig",
        "autodiscover",
    ),
    *(
        "localhost",
        "internal",
        "local",
        "postmaster",
        "hostmaster",
        "webmaster",
        "abuse",
        "noreply",
        "no-reply",
    ),
    *("public", "template", "tenant", "postgres", "information-schema", "pg-catalog", "pg-toast"),
)
"""First parts of addresses of the platform, names of its mail and its machines, and names of schemas."""
RESERVED_FORM = r"^(pg-|..--)"
"""PostgreSQL's own schemas, and names with hyphens where DNS marks an internationalised name (`xn--`)."""
SIMILAR = (
    *(("-", ""), ("0", "o"), ("1", "l"), ("5", "s")),
    *(("rn", "m"), ("vv", "w"), ("cl", "d"), ("i", "l")),
)
"""What a reader takes for something else. Replaced in this order."""


def host_of(slug: str) -> str:
    """The host name of the tenant with that short name."""
    return f"{slug}.{settings.BASE_DOMAIN}"


def skeleton(slug: str) -> str:
    """Equal for two names that look alike: `acme` and `acrne`."""
    for written, read in SIMILAR:
        slug = slug.replace(written, read)
    return slug


def skeleton_in_database(field: str) -> Combinable:
    """`skeleton` as an expression of a column."""
    expression: Combinable = F(field)
    for written, read in SIMILAR:
        expression = Replace(expression, Value(written), Value(read))
    return expression


def skeleton_in_sql(expression: str) -> str:
    """`skeleton` as an expression of SQL."""
    for written, read in SIMILAR:
        expression = f"replace({expression}, '{written}', '{read}')"
    return expression


RESERVED_SKELETONS = {skeleton(name): name for name in RESERVED}
