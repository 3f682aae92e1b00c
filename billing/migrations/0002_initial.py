import django.contrib.postgres.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_initial'),
        ('billing', '0001_initial'),
        ('customers', '0001_initial'),
        ('tariffs', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='balance',
            name='currency',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tariffs.currency', verbose_name='currency'),
        ),
        migrations.AddField(
            model_name='balance',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='balances', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='billingperiod',
            name='balance',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='periods', to='billing.balance'),
        ),
        migrations.AddField(
            model_name='closinghold',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='account',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='acting_as',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='balance',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='billing.balance'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='issuer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='original_currency',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tariffs.currency'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='period',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='billing.billingperiod'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='reverses',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='billing.ledgerentry'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='balance',
            constraint=models.UniqueConstraint(models.F('customer'), condition=models.Q(('account', None)), name='balance_one_per_customer'),
        ),
        migrations.AddConstraint(
            model_name='balance',
            constraint=models.CheckConstraint(condition=models.Q(('reserved__gte', 0)), name='balance_reserved'),
        ),
        migrations.AddConstraint(
            model_name='balance',
            constraint=models.CheckConstraint(condition=models.Q(('credit_limit__gte', 0)), name='balance_credit_limit'),
        ),
        migrations.AddConstraint(
            model_name='billingperiod',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('balance', '='), (models.Func(models.F('starts_at'), models.F('ends_at'), function='tstzrange'), '&&')], name='period_no_overlap'),
        ),
        migrations.AddConstraint(
            model_name='billingperiod',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='period_forward'),
        ),
        migrations.AddIndex(
            model_name='closinghold',
            index=models.Index(models.F('customer'), models.F('ended_at'), name='closing_hold_due'),
        ),
        migrations.AddConstraint(
            model_name='closinghold',
            constraint=models.UniqueConstraint(models.F('call_id'), models.F('customer'), name='closing_hold_once'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.UniqueConstraint(models.F('balance'), models.F('sequence'), name='ledger_sequence_once'),
        ),
    ]
