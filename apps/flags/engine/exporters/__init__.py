"""Native documents → the documents of other systems, for clients that evaluate flags themselves.

    export = unleash_state(documents, segments, tenant)      export.document, export.left_out

A flag is exported only if the other system serves each user as the engine does. The others are left out, with the
reason: a client then serves the default of its code.
"""

from .flagd import flagd_document
from .inexpressible import Export, Known
from .unleash import unleash_state

__all__ = ["Export", "Known", "flagd_document", "unleash_state"]
