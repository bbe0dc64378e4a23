"""Redis: cached results, messages between processes and counted uses."""
