"""A long errand says at which of its stages it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sagas", "0003_turns_and_progress")]
    operations = [
        migrations.AddField(
            "run", "stage", models.CharField(blank=True, db_default="", default="", max_length=40)
        ),
        migrations.AlterField(
            "happening",
            "what",
            models.CharField(
                choices=[
                    ("began", "Began"),
                    ("stage", "At a stage"),
                    ("done", "Done"),
                    ("waits", "Waits"),
                    ("failed", "Failed, will be tried again"),
                    ("refused", "Refused"),
                    ("turned", "Turned back"),
                    ("undone", "Taken back"),
                    ("stuck", "Needs an operator"),
                    ("retried", "Retried by an operator"),
                    ("skipped", "Skipped by an operator"),
                    ("forced", "Sent back by an operator"),
                    ("ended", "Ended"),
                ],
                max_length=8,
            ),
        ),
    ]
