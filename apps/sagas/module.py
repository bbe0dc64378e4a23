from apps.kernel.manifest import Module

MODULE = Module(
    name="sagas",
    version="1.0.0",
    description="Journeys with a way back: steps that are commands, each with its compensation.",
    dependencies=("bus",),
)
