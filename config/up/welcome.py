"""Addresses and logins, printed once all processes run."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from config.env import env

PASSWORD = "bursar-demo-password"  # noqa: S105  (the demo command sets it, on this machine alone)
TENANTS = ("acme", "globex")


def welcome() -> None:
    table = Table.grid(padding=(0, 2))
    here = f"http://localhost:{env().port}"
    table.add_row("Operator console", f"{here}/")
    table.add_row("", f"operator@bursar.example / {PASSWORD}")
    table.add_row("", "otis@bursar.example approves; the same password")
    for tenant in TENANTS:
        table.add_row()
        table.add_row(f"Tenant {tenant}", f"{here}/t/{tenant}/")
        table.add_row("", f"http://{tenant}.{env().base_domain}:{env().port}/")
        table.add_row("", f"{here}/t/{tenant}/api/docs/")
        table.add_row("", f"owner@{tenant}.example / {PASSWORD}")
        table.add_row("", f"olivia@{tenant}.example approves; the same password")
    table.add_row()
    table.add_row("Stop", "Ctrl-C")
    panel = Panel(table, title="Bursar is up", box=box.ROUNDED, expand=False, padding=(1, 2))
    Console(soft_wrap=True, highlight=False).print(panel)
