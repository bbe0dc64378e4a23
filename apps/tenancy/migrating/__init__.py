"""Migrations of many schemas: asked of all at once, planned once, replayed in each.

surveying  which schemas there are and what each has
planning   what is missing, and the operations with the states between which they work
applying   the operations in one schema, with patience, and the `outcome`
running    first one, then all, some at a time; `noting` keeps how it went
pages      how it went, for the operator
judging    which migrations the running version would not survive, by what `compatibility` says of their parts
"""
