from django.db import migrations

from apps.kernel.db.currency_guard import real_currencies
from apps.kernel.db.guards import append_only
from apps.kernel.db.text_columns import OPTIONAL, REQUIRED, text_columns, unique_in_any_case


class Migration(migrations.Migration):
    dependencies = [("companies", "0001_initial")]
    operations = [
        append_only("companies_historicalcompany"),
        text_columns("companies_company", code=REQUIRED, name=REQUIRED, country=OPTIONAL),
        unique_in_any_case("companies_company", "code"),
        real_currencies("companies_company", "companies_historicalcompany"),
    ]
