"""The trigger on settings that name an account also checks the type of the account, and that settings differ. The apps
that declare the settings add the arguments."""

from django.db import migrations

from apps.ledger.guards import ACCOUNT_SETTING_GUARD


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_search")]
    operations = [migrations.RunSQL(ACCOUNT_SETTING_GUARD, migrations.RunSQL.noop)]
