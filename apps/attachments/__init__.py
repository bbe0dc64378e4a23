"""Files attached to rows of other apps: receipts of entries, contracts of orders."""
