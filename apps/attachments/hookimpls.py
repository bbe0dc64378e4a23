"""Personal data of attachments. An anonymised clone has none: their files are not copied."""

from apps.kernel.pii import NAME, TEXT, declare_pii, exclude_from_anonymous_clones

declare_pii("attachments.Attachment", name=TEXT, attached_by=NAME, removed_by=NAME, removal_reason=TEXT)
exclude_from_anonymous_clones("attachments.Attachment")
