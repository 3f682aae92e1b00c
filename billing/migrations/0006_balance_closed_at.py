"""A balance belongs to a pair: who bills stands on it, and a move closes it."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

_ISSUERS = """
UPDATE billing_balance b SET issuer_id = CASE WHEN b.account_id IS NULL THEN c.owner_id ELSE c.id END
FROM customers_customer c WHERE c.id = b.customer_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0005_ledger_newest'),
        ('customers', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='balance',
            name='closed_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='balance',
            name='issuer',
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer'
            ),
        ),
        # The table cannot be altered while foreign keys wait for the commit to be checked.
        migrations.RunSQL(
            ['SET CONSTRAINTS ALL IMMEDIATE', _ISSUERS], migrations.RunSQL.noop
        ),
        migrations.AlterField(
            model_name='balance',
            name='issuer',
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer'
            ),
        ),
        migrations.RemoveConstraint(model_name='balance', name='balance_one_per_customer'),
        migrations.AddConstraint(
            model_name='balance',
            constraint=models.UniqueConstraint(
                F('customer'),
                condition=Q(account=None, closed_at=None),
                name='balance_one_per_customer',
            ),
        ),
        migrations.AddConstraint(
            model_name='balance',
            constraint=models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gt=F('opened_at')), name='balance_forward'
            ),
        ),
        migrations.AddIndex(
            model_name='balance',
            index=models.Index(
                F('customer'), condition=Q(closed_at__isnull=False), name='balance_closed'
            ),
        ),
    ]
