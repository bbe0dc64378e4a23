"""The audit log: sealing keys, anchors outside of the database, and retention."""

from config.env import env

AUDIT_KEYS = [key.get_secret_value() for key in env().audit_keys]
"""`id:base64 of 32 random bytes`; the first seals; an old key is needed as long as a segment names it."""
AUDIT_ANCHORS = ["apps.audit.anchors.InFiles", "apps.audit.anchors.InLog"]

AUDIT_RETENTION_YEARS = {"financial": 10, "security": 2, "default": 1, "access": 1}
AUDIT_RETENTION_OF = {
    **dict.fromkeys(
        ("ledger", "periods", "payments", "sales", "inventory", "companies", "attachments"), "financial"
    ),
    **dict.fromkeys(
        ("identity", "audit", "tenancy", "backups", "operations", "webhooks", "settings"), "security"
    ),
}
"""Retention class by app of the command; `default` for all others."""
