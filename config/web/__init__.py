"""The web server: gunicorn with limits for slow and oversized requests."""
