"""Migrations of many schemas: planned once for all with the same migrations, then applied to each."""
