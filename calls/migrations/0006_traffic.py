"""Traffic: sums over charges for the reports, filled once from the charges that exist."""

import softswitch.core.fields
from django.db import migrations, models
from softswitch.core.partitions import ensure_months

COLUMNS = """
    slot timestamptz NOT NULL,
    level smallint NOT NULL,
    is_origin boolean NOT NULL,
    issuer_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    balance_id bigint NOT NULL,
    issuer_balance_id bigint NOT NULL,
    account_id bigint NOT NULL,
    trunk_id bigint NOT NULL,
    destination_id bigint NOT NULL,
    attempts bigint NOT NULL,
    answered bigint NOT NULL,
    reached bigint NOT NULL,
    pdd_calls bigint NOT NULL,
    pdd_ms bigint NOT NULL,
    duration_ms bigint NOT NULL,
    billed_seconds bigint NOT NULL,
    amount numeric(20, 6) NOT NULL,
    issuer_amount numeric(20, 6) NOT NULL
"""
# Of the deltas nothing is looked up, they are only added, read as a whole, and folded.
TABLES = f"""
CREATE TABLE calls_traffic (
    grain smallint NOT NULL, {COLUMNS},
    PRIMARY KEY (issuer_id, grain, slot, balance_id, issuer_balance_id, level, is_origin,
                 account_id, trunk_id, destination_id)
) PARTITION BY RANGE (slot);
CREATE INDEX traffic_by_payer ON calls_traffic (customer_id, grain, slot);
CREATE TABLE calls_trafficdelta ({COLUMNS});
"""
# Nobody charges meanwhile. Of unanswered calls no rate was kept: their destination is unknown.
LOCK = "LOCK TABLE billing_charge IN SHARE ROW EXCLUSIVE MODE"
MONTHS = "SELECT DISTINCT date_trunc('month', setup_at AT TIME ZONE 'UTC')::date FROM billing_charge"
DESTINATIONS = """
INSERT INTO calls_destination (name, country)
SELECT DISTINCT destination, country FROM tariffs_rate
WHERE (destination <> '' OR country <> '') AND EXISTS (SELECT FROM billing_charge)
"""
FILL = """
INSERT INTO calls_traffic
SELECT g.grain, g.slot, t.level,
    t.level = 0 OR t.level = 1 AND NOT EXISTS (SELECT FROM billing_charge o
        WHERE o.call_id = t.call_id AND o.setup_at = t.setup_at AND o.level = 0
          AND o.revision = t.revision),
    t.issuer_id, t.customer_id, t.balance_id, coalesce(up.balance_id, 0),
    CASE WHEN g.grain < 2 AND t.level < 2 THEN coalesce(c.account_id, 0) ELSE 0 END,
    CASE WHEN g.grain < 2 AND t.level < 2 THEN coalesce(c.trunk_id, 0) ELSE 0 END,
    CASE WHEN g.grain < 2 THEN coalesce(d.id, 0) ELSE 0 END,
    count(*), count(*) FILTER (WHERE c.duration_ms > 0),
    count(*) FILTER (WHERE c.answered_at IS NOT NULL AND c.duration_ms > 0
        OR c.sip_code IN (480, 486, 487, 603) OR c.hangup_cause IN (17, 18, 19, 21)),
    count(c.pdd_ms), coalesce(sum(greatest(c.pdd_ms, 0)), 0), sum(t.duration_ms),
    sum(t.billed_seconds), sum(t.amount), sum(coalesce(up.amount, 0))
FROM billing_charge t
JOIN calls_call c ON c.id = t.call_id AND c.setup_at = t.setup_at
LEFT JOIN billing_charge up ON up.call_id = t.call_id AND up.setup_at = t.setup_at
    AND up.level = t.level + 1 AND up.revision = t.revision
LEFT JOIN tariffs_rate r ON r.id = t.rate_id
LEFT JOIN calls_destination d ON d.name = r.destination AND d.country = r.country
CROSS JOIN LATERAL (VALUES
    (0, date_bin('15 min', t.setup_at, '1970-01-01 00:00+00')),
    (1, date_bin('1 day', t.setup_at, '1970-01-01 00:00+00')),
    (2, date_bin('15 min', t.setup_at, '1970-01-01 00:00+00'))
) g (grain, slot)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""


def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(MONTHS)
        ensure_months(("calls_traffic",), [row[0] for row in cursor.fetchall()])
        cursor.execute(DESTINATIONS)
        cursor.execute(FILL)


def fields():
    return [
        ('slot', models.DateTimeField()),
        ('level', models.SmallIntegerField()),
        ('is_origin', models.BooleanField()),
        *((name, models.BigIntegerField()) for name in (
            'issuer_id', 'customer_id', 'balance_id', 'issuer_balance_id', 'account_id', 'trunk_id',
            'destination_id', 'attempts', 'answered', 'reached', 'pdd_calls', 'pdd_ms',
            'duration_ms', 'billed_seconds',
        )),
        ('amount', softswitch.core.fields.AmountField(decimal_places=6, max_digits=20)),
        ('issuer_amount', softswitch.core.fields.AmountField(decimal_places=6, max_digits=20)),
    ]


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0007_voucher_entry'),
        ('calls', '0005_call_settlement'),
        ('tariffs', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Destination',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=120)),
                ('country', models.CharField(blank=True, max_length=2)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('name', 'country'), name='destination_once')],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(TABLES, "DROP TABLE calls_traffic, calls_trafficdelta")
            ],
            state_operations=[
                migrations.CreateModel(
                    name='Traffic',
                    fields=[
                        ('pk', models.CompositePrimaryKey('issuer_id', 'grain', 'slot', 'balance_id', 'issuer_balance_id', 'level', 'is_origin', 'account_id', 'trunk_id', 'destination_id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('grain', models.SmallIntegerField(choices=[(0, 'quarter of an hour, all dimensions'), (1, 'UTC day, all dimensions'), (2, 'quarter of an hour, without account, trunk and destination')])),
                        *fields(),
                    ],
                    options={'abstract': False, 'default_permissions': ()},
                ),
                migrations.CreateModel(
                    name='TrafficDelta',
                    fields=[
                        ('pk', models.CompositePrimaryKey('issuer_id', 'slot', 'balance_id', 'issuer_balance_id', 'level', 'is_origin', 'account_id', 'trunk_id', 'destination_id', blank=True, editable=False, primary_key=True, serialize=False)),
                        *fields(),
                    ],
                    options={'abstract': False, 'default_permissions': ()},
                ),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
