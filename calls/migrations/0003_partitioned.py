"""Calls, partitioned by month of set-up and append-only."""

import django.db.models.deletion
from django.db import migrations, models
from softswitch.core.partitions import append_only_sql

CALL = """
CREATE SEQUENCE calls_call_id_seq;
CREATE TABLE calls_call (
    id bigint NOT NULL DEFAULT nextval('calls_call_id_seq'),
    setup_at timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz NOT NULL,
    switch_id bigint NOT NULL,
    customer_id bigint,
    account_id bigint,
    trunk_id bigint,
    cdr_import_id bigint,
    duration_ms integer NOT NULL,
    pdd_ms integer,
    sip_code smallint,
    hangup_cause smallint,
    content_hash uuid NOT NULL,
    source_ip inet,
    native_id varchar(255) NOT NULL,
    leg varchar(64) NOT NULL,
    caller_number varchar(64) NOT NULL,
    called_number varchar(32) COLLATE "C" NOT NULL,
    called_raw varchar(128) NOT NULL,
    auth_name varchar(80) NOT NULL,
    tech_prefix varchar(16) NOT NULL,
    PRIMARY KEY (id, setup_at),
    CONSTRAINT call_once UNIQUE (setup_at, switch_id, native_id, leg)
) PARTITION BY RANGE (setup_at);
ALTER SEQUENCE calls_call_id_seq OWNED BY calls_call.id;
CREATE INDEX call_by_account ON calls_call (account_id, setup_at) WHERE account_id IS NOT NULL;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_initial'),
        ('calls', '0002_initial'),
        ('customers', '0001_initial'),
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CALL, "DROP TABLE calls_call")],
            state_operations=[
                migrations.CreateModel(
                    name='Call',
                    fields=[
                        ('pk', models.CompositePrimaryKey('id', 'setup_at', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('id', models.BigIntegerField()),
                        ('setup_at', models.DateTimeField()),
                        ('answered_at', models.DateTimeField(null=True)),
                        ('ended_at', models.DateTimeField()),
                        ('duration_ms', models.IntegerField()),
                        ('native_id', models.CharField(max_length=255)),
                        ('leg', models.CharField(blank=True, max_length=64)),
                        ('caller_number', models.CharField(blank=True, max_length=64)),
                        ('called_number', models.CharField(blank=True, max_length=32)),
                        ('called_raw', models.CharField(blank=True, max_length=128)),
                        ('auth_name', models.CharField(blank=True, max_length=80)),
                        ('source_ip', models.GenericIPAddressField(null=True)),
                        ('tech_prefix', models.CharField(blank=True, max_length=16)),
                        ('sip_code', models.SmallIntegerField(null=True)),
                        ('hangup_cause', models.SmallIntegerField(null=True)),
                        ('pdd_ms', models.IntegerField(null=True)),
                        ('content_hash', models.UUIDField()),
                        ('cdr_import_id', models.BigIntegerField(null=True)),
                        ('account', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                        ('customer', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.customer')),
                        ('switch', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='calls.switch')),
                        ('trunk', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.trunk')),
                    ],
                    options={
                        'default_permissions': (),
                    },
                ),
            ],
        ),
        # Only who a call came from may be filled in later, once, when it was unknown at first.
        migrations.RunSQL(
            append_only_sql("calls_call", fill_in=("customer_id", "account_id", "trunk_id")),
            migrations.RunSQL.noop,
        ),
    ]
