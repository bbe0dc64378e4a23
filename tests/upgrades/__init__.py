"""Data of earlier versions, migrated forward: `python -m tests.upgrades.record LABEL` records a dump.

The folder LABEL has the platform's database with two tenants as `dump.sql.xz`, and `expected.json`: the digests of the
migrations that made it, and what must still be true after later ones: trial balances and audit chains.
"""
