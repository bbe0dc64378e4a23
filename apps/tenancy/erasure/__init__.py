"""The end of a tenant: what it has, how that goes for ever, and how it stays gone when an old database comes back."""
