from django.db import migrations, models


class Migration(migrations.Migration):
    """Lists tell credit notes apart: their index says the kind, and they have one of their own."""

    dependencies = [
        ('billing', '0018_closed_as'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='invoice',
            name='invoice_newest',
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(fields=['issued_at', 'id'], include=('issuer', 'customer', 'account', 'kind', 'state', 'open_amount', 'total', 'due_on'), name='invoice_newest'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(models.F('issuer'), condition=models.Q(('kind', 'credit_note')), name='invoice_credit'),
        ),
    ]
