"""The verbs of `manage.py flags`: their arguments, and what each does."""
