"""Rollouts: the plan of a published revision is followed stage by stage, and guards stop it."""
