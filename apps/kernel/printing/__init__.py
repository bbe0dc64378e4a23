"""Text on documents: which characters the fonts can print."""
