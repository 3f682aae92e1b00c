"""The schema that detached months are moved to."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0002_trigrams")]
    operations = [
        migrations.RunSQL("CREATE SCHEMA IF NOT EXISTS archive", migrations.RunSQL.noop)
    ]
