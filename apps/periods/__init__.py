"""Fiscal calendars: years, periods, and closing periods."""
