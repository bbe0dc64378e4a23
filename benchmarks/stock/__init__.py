"""Stock django-tenants on the same server: what a request costs, and whose rows are read on shared connections."""
