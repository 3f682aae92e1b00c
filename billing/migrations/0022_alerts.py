import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0021_money_lists'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlertState',
            fields=[
                ('balance', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='alert_state', serialize=False, to='billing.balance')),
                ('low_since', models.DateTimeField(null=True)),
                ('low_told_at', models.DateTimeField(null=True)),
                ('low_told_days', models.PositiveIntegerField(default=0)),
                ('trunks_disabled_at', models.DateTimeField(null=True)),
                ('empty_since', models.DateTimeField(null=True)),
                ('credit_step', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='accountparameters',
            name='credit_thresholds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)]), blank=True, null=True, size=None, verbose_name='told when this much of the credit limit is used (%)'),
        ),
    ]
