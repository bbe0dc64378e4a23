"""The life of flags: their use, what makes them stale, and the alerts about it."""
