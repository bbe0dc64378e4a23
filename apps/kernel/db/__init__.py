"""PostgreSQL: connections, transactions, locks, and the rules that tables enforce."""
