from apps.kernel.manifest import Module

MODULE = Module(
    name="bus",
    version="1.0.0",
    description="Commands, and the one way they are done.",
    dependencies=("events",),
    publishes=(
        "command.sent",
        "command.sent_audit",
        "command.sent_billing",
        "command.sent_financial",
        "command.sent_low",
    ),
    subscribes=(
        "command.sent",
        "command.sent_audit",
        "command.sent_billing",
        "command.sent_financial",
        "command.sent_low",
    ),
)
