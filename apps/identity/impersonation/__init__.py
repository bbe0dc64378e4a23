"""An operator of the platform enters a tenant as one of its people, for a reason and for half an hour at most.

The platform's row (`Impersonation`) says whether he is inside: without it there is no access. The tenant's row
(`Visit`) is what the tenant keeps of it. They lie in different schemas, so no transaction holds both, and every step
is ordered so that a crash between two of them can only lose access (`handlers`).
"""
