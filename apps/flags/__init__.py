"""Feature flags: definitions, approval of changes, rollouts, kill switches, and the engine that evaluates them."""
