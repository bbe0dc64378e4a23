"""Requests contain fields of commands and names of people, so a copy of a tenant has none."""

from apps.kernel.pii import exclude_from_clones

exclude_from_clones("approvals.ApprovalRequest", "approvals.Revision", "approvals.Decision")
