"""The seal of the audit log: its keys, where its head is kept outside, and how long records stay."""

from config.env import env

AUDIT_KEYS = [key.get_secret_value() for key in env().audit_keys]
"""`id:base64 of 32 random bytes`; the first one seals, and the others stay as long as a segment names them."""
AUDIT_ANCHORS = ["apps.audit.anchors.InFiles", "apps.audit.anchors.InLog"]

AUDIT_RETENTION_YEARS = {"financial": 10, "security": 2, "default": 1, "access": 1}
AUDIT_RETENTION_OF = {
    **dict.fromkeys(("ledger", "periods", "payments", "sales", "inventory", "companies"), "financial"),
    **dict.fromkeys(("identity", "audit", "tenancy", "operations", "webhooks", "settings"), "security"),
}
"""App of the command → class; what stands nowhere is of the class `default`."""
