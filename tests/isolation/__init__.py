"""The attack matrix: every entry point, with ids, cookies and tokens of another tenant. It is made from the
registries of addresses, commands, tasks, caches and files, so a new entry point is included automatically."""
