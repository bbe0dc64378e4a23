"""The flag engine: documents of flags compiled to functions, evaluated without I/O, explained by the same steps.

Pure Python on mmh3 and google-re2, without Django. The wheel `bursar-flags` (import name `bursar_flags`) is made of
this folder.

    rules = RuleSet([Entry({"format": 1, "key": "new-screen", …})])
    rules.evaluate("new-screen", False, {"user": "42"}).value
"""

from . import jsonlogic, shares, unleash  # noqa: F401  they register what flags of peers need
from .bucketers import BUCKETERS, Bucketer
from .conflicts import conflicts
from .explaining import Explanation
from .extensions import CHOICES, CONDITIONS
from .history import environment_name
from .outcomes import LAYERS, Entry, Evaluation, Layer, Override, Problem, TenantLayer
from .rule_set import RuleSet, View
from .tally import Tally
from .validation import override_of, validate, validate_override

__all__ = [
    "BUCKETERS",
    "CHOICES",
    "CONDITIONS",
    "LAYERS",
    "Bucketer",
    "Entry",
    "Evaluation",
    "Explanation",
    "Layer",
    "Override",
    "Problem",
    "RuleSet",
    "Tally",
    "TenantLayer",
    "View",
    "conflicts",
    "environment_name",
    "override_of",
    "validate",
    "validate_override",
]
