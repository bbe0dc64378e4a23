"""Lists of the consoles: filters and searches, amounts with totals, CSV of what is listed, and bulk commands."""
