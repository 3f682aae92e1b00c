import django.db.models.deletion
import django.utils.timezone
import softswitch.core.fields
import timezone_field.fields
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='BillingPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('period_type', models.CharField(choices=[('daily', 'Daily'), ('weekly', 'Weekly'), ('semimonthly', 'Semimonthly'), ('monthly', 'Monthly'), ('anniversary', 'Monthly (anniversary)'), ('30_days', '30 days')], max_length=12)),
                ('timezone', timezone_field.fields.TimeZoneField(use_pytz=False)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ClosingHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('call_id', models.BigIntegerField()),
                ('ended_at', models.DateTimeField()),
                ('reason', models.CharField(choices=[('unknown', 'Unknown account or trunk'), ('no_rate', 'No rate'), ('forbidden', 'Forbidden destination'), ('no_tariff', 'No tariff'), ('no_exchange_rate', 'No exchange rate')], max_length=16)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.BigIntegerField()),
                ('amount', softswitch.core.fields.AmountField(decimal_places=6, max_digits=20)),
                ('balance_after', softswitch.core.fields.AmountField(decimal_places=6, max_digits=20)),
                ('posted_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('kind', models.CharField(choices=[('opening', 'Opening balance'), ('debit', 'Debit'), ('credit', 'Credit'), ('add_funds', 'Add funds'), ('reset', 'Balance reset'), ('reversal', 'Reversal'), ('write_off', 'Write-off'), ('pay_out', 'Paid out'), ('forfeit', 'Forfeited'), ('usage', 'Calls')], max_length=10)),
                ('original_amount', softswitch.core.fields.AmountField(decimal_places=6, max_digits=20)),
                ('exchange_rate', softswitch.core.fields.RateOfExchangeField(decimal_places=10, default=Decimal('1'), max_digits=20)),
                ('notes', models.CharField(blank=True, max_length=500)),
                ('source', models.CharField(max_length=60)),
                ('idempotency_key', models.CharField(max_length=80, unique=True)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Balance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('prepaid', 'Prepaid'), ('postpaid', 'Postpaid')], default='prepaid', max_length=8, verbose_name='mode')),
                ('amount', softswitch.core.fields.AmountField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('reserved', softswitch.core.fields.AmountField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('credit_limit', softswitch.core.fields.AmountField(decimal_places=6, default=Decimal('0'), max_digits=20, verbose_name='credit limit')),
                ('last_sequence', models.BigIntegerField(default=0)),
                ('period_type', models.CharField(choices=[('daily', 'Daily'), ('weekly', 'Weekly'), ('semimonthly', 'Semimonthly'), ('monthly', 'Monthly'), ('anniversary', 'Monthly (anniversary)'), ('30_days', '30 days')], default='monthly', max_length=12, verbose_name='billing period')),
                ('period_timezone', timezone_field.fields.TimeZoneField(use_pytz=False, verbose_name='billing time zone')),
                ('opened_at', models.DateTimeField()),
                ('account', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='balance', to='accounts.account')),
            ],
            options={
                'default_permissions': (),
            },
        ),
    ]
