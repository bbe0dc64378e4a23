"""Plans, and what each tenant has booked: what tenants pay us for."""
