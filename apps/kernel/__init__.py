"""The package below every app: definitions that all layers share. It has no tables."""
