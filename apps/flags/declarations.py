"""Declared flags. Apps declare them in their flag_declarations.py, which is loaded at the start of each process.

A declared flag serves its default before its first revision. `RegisterFlags` adds its row after the migrations.
"""

from apps.kernel.features import DECLARED, DeclaredFlag, declare_flag

__all__ = ["DECLARED", "DeclaredFlag", "declare_flag"]
