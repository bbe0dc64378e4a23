from apps.kernel.manifest import Module

MODULE = Module(
    name="ledger",
    version="1.0.0",
    description="Accounts, journals and entries: the books.",
)
