"""What tests share: words, doubles, processes and, as plugins of pytest, fixtures of several folders.

A test module imports nothing from another one, nor from a conftest (tests/architecture/test_imports_of_tests.py)."""
