import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0006_record_import_discarded'),
    ]

    operations = [
        migrations.AddField(
            model_name='customerclass',
            name='nothing',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list, editable=False, size=None),
        ),
        migrations.AddField(
            model_name='customerparameters',
            name='nothing',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list, editable=False, size=None),
        ),
    ]
