"""Performance of Bursar, compared with a baseline or another library in the same run.

Each module prints one JSON document: `python -m benchmarks.flow`.
"""
