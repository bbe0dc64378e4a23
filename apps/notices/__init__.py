"""Notices to users: by e-mail and to notification channels such as Slack."""
