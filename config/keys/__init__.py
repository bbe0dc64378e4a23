"""Keys and credentials: which process holds which, and what a key of production must be.

kinds        the kinds of processes
table        every key, with the processes that need it and those that may hold it
forms        what a key must be: format, length, entropy
checks       faults of the environment of this process
development  the published keys of a checkout, which production refuses
"""
