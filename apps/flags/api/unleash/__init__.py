"""The client API of Unleash: /api/client/features, register and metrics."""
