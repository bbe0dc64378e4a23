"""The soak: real processes on servers of their own are killed at random while business goes on, and in the end nothing
may be lost, doubled or stuck.

house.py     the servers and processes, and how each is killed and comes back
town.py      two tenants with a shop each
clerks.py    who asks, over HTTP, and writes down what was acknowledged
chaos.py     what is killed, and when
verdict.py   what must be true afterwards
run.py       one run, from the first order to the verdict
__main__.py  the servers around it, and what is said of it
"""
