"""Fiscal calendars: years, periods, and closing them."""
