"""Plans, and the subscriptions of tenants."""
