"""Long-running work in steps, with progress, cancellation, resumption and a result."""
