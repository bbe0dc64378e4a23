"""Approval of commands by other people than their requester."""
