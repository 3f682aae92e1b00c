"""Closing finds balances by the end of their first open period; those that ended are told apart."""

from django.db import migrations, models

# All others are found by the first run of closing.
_ENDED = """
UPDATE billing_balance b SET closes_at = coalesce((
    SELECT min(p.ends_at) FROM billing_billingperiod p
    WHERE p.balance_id = b.id AND p.closed_at IS NULL AND p.starts_at < ended.at
), '9999-12-31 00:00:00+00')
FROM (
    SELECT o.id, coalesce(o.closed_at, a.archived_at, c.archived_at) AS at
    FROM billing_balance o JOIN customers_customer c ON c.id = o.customer_id
    LEFT JOIN accounts_account a ON a.id = o.account_id
) ended
WHERE ended.id = b.id AND ended.at IS NOT NULL AND b.closes_at IS NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_start_of_names'),
        ('billing', '0010_drafts'),
        ('customers', '0009_money'),
        ('tariffs', '0006_destination_groups'),
    ]

    operations = [
        migrations.RunSQL(_ENDED, migrations.RunSQL.noop),
        migrations.RunSQL('SET CONSTRAINTS ALL IMMEDIATE', migrations.RunSQL.noop),
        migrations.RemoveIndex(
            model_name='balance',
            name='balance_closes',
        ),
        migrations.AddIndex(
            model_name='balance',
            index=models.Index(models.F('closes_at'), models.F('id'), name='balance_closes'),
        ),
        migrations.AddIndex(
            model_name='balance',
            index=models.Index(models.F('id'), condition=models.Q(('closes_at', None)), name='balance_unscheduled'),
        ),
        migrations.AddIndex(
            model_name='billingperiod',
            index=models.Index(models.F('balance'), models.F('ends_at'), name='period_ends'),
        ),
    ]
