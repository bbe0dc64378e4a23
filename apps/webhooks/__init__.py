"""What tenants tell other systems, and what other systems tell them."""
