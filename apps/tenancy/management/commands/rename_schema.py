"""A schema is named by the immutable id of its tenant."""

from apps.tenancy.replaced_commands import ReplacedCommand


class Command(ReplacedCommand):
    instead = "nothing: the name of a schema contains the id of its tenant, and never changes."
