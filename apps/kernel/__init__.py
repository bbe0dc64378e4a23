"""The plain package under every app: words that all floors share and none of them owns."""
