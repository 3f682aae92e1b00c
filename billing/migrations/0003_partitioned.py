"""Charges and usage entries, partitioned by month; the ledger made append-only."""

import django.db.models.deletion
import django.utils.timezone
import softswitch.core.fields
from decimal import Decimal
from django.db import migrations, models
from softswitch.core.partitions import append_only_sql

CHARGE = """
CREATE TABLE billing_charge (
    call_id bigint NOT NULL,
    setup_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    customer_id bigint NOT NULL,
    issuer_id bigint NOT NULL,
    account_id bigint,
    balance_id bigint NOT NULL,
    tariff_version_id bigint,
    rate_id bigint,
    usage_entry_id bigint NOT NULL,
    duration_ms integer NOT NULL,
    billed_seconds integer NOT NULL,
    level smallint NOT NULL,
    revision smallint NOT NULL,
    cost numeric(20, 6) NOT NULL,
    exchange_rate numeric(20, 10) NOT NULL,
    amount numeric(20, 6) NOT NULL,
    PRIMARY KEY (call_id, level, revision, setup_at)
) PARTITION BY RANGE (setup_at);
CREATE INDEX charge_by_payer ON billing_charge (customer_id, setup_at);
"""
USAGE = """
CREATE SEQUENCE billing_usageentry_id_seq;
CREATE TABLE billing_usageentry (
    id bigint NOT NULL DEFAULT nextval('billing_usageentry_id_seq'),
    setup_month date NOT NULL,
    usage_on date NOT NULL,
    balance_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    issuer_id bigint NOT NULL,
    account_id bigint,
    period_id bigint NOT NULL,
    sequence bigint NOT NULL,
    amount numeric(20, 6) NOT NULL,
    balance_after numeric(20, 6) NOT NULL,
    posted_at timestamptz NOT NULL,
    calls integer NOT NULL,
    billed_seconds bigint NOT NULL,
    PRIMARY KEY (id, setup_month),
    UNIQUE (balance_id, sequence, setup_month)
) PARTITION BY RANGE (setup_month);
ALTER SEQUENCE billing_usageentry_id_seq OWNED BY billing_usageentry.id;
"""
# Every posting updates one narrow row: room on its page keeps the update there, without an index write.
BALANCE = "ALTER TABLE billing_balance SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_initial'),
        ('billing', '0002_initial'),
        ('customers', '0001_initial'),
        ('tariffs', '0001_initial'),
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(CHARGE, "DROP TABLE billing_charge"),
                migrations.RunSQL(USAGE, "DROP TABLE billing_usageentry"),
            ],
            state_operations=[
                migrations.CreateModel(
                    name='Charge',
                    fields=[
                        ('pk', models.CompositePrimaryKey('call_id', 'level', 'revision', 'setup_at', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('call_id', models.BigIntegerField()),
                        ('level', models.SmallIntegerField()),
                        ('revision', models.SmallIntegerField(default=0)),
                        ('setup_at', models.DateTimeField()),
                        ('ended_at', models.DateTimeField()),
                        ('usage_entry_id', models.BigIntegerField()),
                        ('duration_ms', models.IntegerField()),
                        ('billed_seconds', models.IntegerField()),
                        ('cost', softswitch.core.fields.AmountField(decimal_places=6, max_digits=20)),
                        ('exchange_rate', softswitch.core.fields.RateOfExchangeField(decimal_places=10, default=Decimal('1'), max_digits=20)),
                        ('amount', softswitch.core.fields.AmountField(decimal_places=6, max_digits=20)),
                        ('account', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                        ('balance', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='billing.balance')),
                        ('customer', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.customer')),
                        ('issuer', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.customer')),
                        ('rate', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tariffs.rate')),
                        ('tariff_version', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tariffs.tariffversion')),
                    ],
                    options={
                        'default_permissions': (),
                    },
                ),
                migrations.CreateModel(
                    name='UsageEntry',
                    fields=[
                        ('sequence', models.BigIntegerField()),
                        ('amount', softswitch.core.fields.AmountField(decimal_places=6, max_digits=20)),
                        ('balance_after', softswitch.core.fields.AmountField(decimal_places=6, max_digits=20)),
                        ('posted_at', models.DateTimeField(default=django.utils.timezone.now)),
                        ('pk', models.CompositePrimaryKey('id', 'setup_month', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('id', models.BigIntegerField()),
                        ('setup_month', models.DateField()),
                        ('usage_on', models.DateField()),
                        ('calls', models.IntegerField()),
                        ('billed_seconds', models.BigIntegerField()),
                        ('account', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                        ('balance', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='usage_entries', to='billing.balance')),
                        ('customer', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.customer')),
                        ('issuer', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.customer')),
                        ('period', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='usage_entries', to='billing.billingperiod')),
                    ],
                    options={
                        'abstract': False,
                        'default_permissions': (),
                    },
                ),
            ],
        ),
        migrations.RunSQL(BALANCE, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(append_only_sql(table), migrations.RunSQL.noop)
            for table in ("billing_charge", "billing_usageentry", "billing_ledgerentry")
        ),
    ]
