"""Accounts of programs: named tokens with scopes and an end, for a tenant or the platform."""
