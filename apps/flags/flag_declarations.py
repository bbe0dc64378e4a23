"""The permission flags of the licensed modules: the plan is the ceiling, below which a module is narrowed or killed."""

import datetime as dt

from apps.kernel.features import declare_flag
from apps.modules import registry

for _module in registry.modules():
    if _module.licensed and _module.flag:
        declare_flag(
            key=_module.flag,
            category="permission",
            type=bool,
            default=True,
            description=_module.description,
            owner="licensing@bursar.example",
            expires_on=dt.date(2027, 11, 30),
            entitlement=_module.name,
        )
