"""Stock django-tenants on the same server: the cost of a request, and tenant isolation on shared connections."""
