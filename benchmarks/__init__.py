"""How fast the house is, beside a floor or a peer in the same run.

Each module prints one JSON document: `python -m benchmarks.flow`.
"""
