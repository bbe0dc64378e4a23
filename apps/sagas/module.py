from apps.kernel.manifest import Module

MODULE = Module(
    name="sagas",
    version="1.0.0",
    description="Journeys with a way back: steps that are commands, each with its compensation.",
    dependencies=("bus", "events"),
    publishes=("saga.due", "saga.due_financial", "saga.stuck"),
    subscribes=("saga.due", "saga.due_financial"),
    router="apps.sagas.api.urls",
    grants={
        "owner": ("sagas.manage_sagas", "sagas.view_run", "sagas.view_happening"),
        "controller": ("sagas.manage_sagas", "sagas.view_run", "sagas.view_happening"),
        "accountant": ("sagas.view_run", "sagas.view_happening"),
        "auditor": ("sagas.view_run", "sagas.view_happening"),
    },
)
