"""Soak test: processes and servers are killed at random under load; nothing may be lost, doubled or stuck afterwards.

cluster.py   the servers and processes, and how each is killed and restarted
shops.py     two tenants with a shop each
workload.py  API clients, and a journal of acknowledged operations
chaos.py     the schedule of failures
verdict.py   the checks after the run
run.py       one run, from the first order to the verdict
__main__.py  the command line, and the servers of a run
"""
