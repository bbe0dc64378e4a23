"""Migrations of many schemas: planned once for all with the same migrations, then applied to each.

discovery   the schemas and the migrations that each has
planning    the missing migrations, and their operations with the states before and after
executor    applies a plan to one schema, with retries for locks; returns an `outcome`
running     first a canary, then the others in parallel; `state` stores the results
report      results as text and as values
pages       results in the operator's console
linter      migrations that the running version does not survive, by the rules of `compatibility`
histories   whether a database was made by the migrations of this version
contents    digests of migrations
"""
