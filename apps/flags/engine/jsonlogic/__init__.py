"""JsonLogic as flagd evaluates it. A program is compiled once to Python closures; evaluating it takes the data."""

from .cbor import canonical_cbor
from .choice import json_logic
from .compiler import Program, UnknownOperation, compile_logic, is_operation, operations

__all__ = [
    "Program",
    "UnknownOperation",
    "canonical_cbor",
    "compile_logic",
    "is_operation",
    "json_logic",
    "operations",
]
