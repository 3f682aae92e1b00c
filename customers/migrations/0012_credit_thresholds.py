import django.contrib.postgres.fields
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0011_daily_reports'),
    ]

    operations = [
        migrations.AddField(
            model_name=name,
            name='credit_thresholds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)]), blank=True, null=True, size=None, verbose_name='told when this much of the credit limit is used (%)'),
        )
        for name in ('customerclass', 'customerparameters')
    ]
