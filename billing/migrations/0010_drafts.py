"""Usage entries by their period, and what becomes of a period whose draft is discarded."""

from django.db import migrations, models

INDEX = "CREATE INDEX usage_by_period ON billing_usageentry (period_id)"


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0009_money'),
    ]

    operations = [
        migrations.RunSQL(INDEX, "DROP INDEX usage_by_period"),
        migrations.AlterField(
            model_name='billingperiod',
            name='outcome',
            field=models.CharField(blank=True, choices=[('', 'Open'), ('drafted', 'Closed, with an invoice'), ('zero', 'Closed, nothing to invoice'), ('not_billed', 'Closed, not billed'), ('discarded', 'Closed, its invoice discarded')], db_default='', max_length=10),
        ),
    ]
