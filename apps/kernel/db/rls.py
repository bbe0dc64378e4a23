"""Row-level security for the tables of public that hold rows of many tenants."""

from __future__ import annotations

from typing import Any

from django.db import migrations

CURRENT = "(SELECT nullif(current_setting('app.current_tenant', true), '')::bigint)"
"""A sub-select, which the planner evaluates once for a statement instead of once for each row. After a
transaction-local setting has ended, the value is empty instead of NULL, hence `nullif`."""

OF_TENANTS = "tenant_rows"
"""The policy that marks a table as shared by tenants."""

_ENABLE = f"""
ALTER TABLE {{table}} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{table}} FORCE ROW LEVEL SECURITY;
CREATE POLICY {OF_TENANTS} ON {{table}} TO bursar_tables
    USING (tenant_id = {CURRENT}) WITH CHECK (tenant_id = {CURRENT});
CREATE POLICY platform_rows ON {{table}} TO bursar_app
    USING ({CURRENT} IS NULL OR tenant_id = {CURRENT}) WITH CHECK ({CURRENT} IS NULL OR tenant_id = {CURRENT});
CREATE POLICY relay_rows ON {{table}} TO bursar_relay USING (true) WITH CHECK (true);
CREATE POLICY owner_rows ON {{table}} TO bursar_owner USING (true) WITH CHECK (true);
"""

_DISABLE = f"""
DROP POLICY owner_rows ON {{table}};
DROP POLICY relay_rows ON {{table}};
DROP POLICY platform_rows ON {{table}};
DROP POLICY {OF_TENANTS} ON {{table}};
ALTER TABLE {{table}} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {{table}} DISABLE ROW LEVEL SECURITY;
"""


class EnableTenantRLS(migrations.RunSQL):
    """Restricts tenants to their own rows of a public table with a `tenant_id`. Rows without one belong to the
    platform.

    table    its name
    grants   privileges of tenants such as "SELECT, INSERT"; empty if only the platform uses the table
    """

    def __init__(self, table: str, grants: str = "", **_: Any) -> None:
        self.table, self.grants = table, grants
        granted = [f"GRANT {grants} ON {table} TO bursar_tables"] if grants else []
        revoked = [f"REVOKE {grants} ON {table} FROM bursar_tables"] if grants else []
        super().__init__(
            ";\n".join([_ENABLE.format(table=table), *granted]),
            ";\n".join([*revoked, _DISABLE.format(table=table)]),
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.table, self.grants], {}

    def describe(self) -> str:
        return f"Enable row-level security on {self.table}"
