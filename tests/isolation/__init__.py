"""The attack matrix: every door, tried with what belongs to another tenant. It is made from the registries of
addresses, commands, tasks, caches and files, so that a new door enters by itself."""
