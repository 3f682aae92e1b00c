import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_initial'),
        ('calls', '0001_initial'),
        ('customers', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='cdrimport',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='cdrimporterror',
            name='cdr_import',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='errors', to='calls.cdrimport'),
        ),
        migrations.AddField(
            model_name='opentransaction',
            name='switch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='calls.switch'),
        ),
        migrations.AddField(
            model_name='cdrimport',
            name='switch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='imports', to='calls.switch'),
        ),
        migrations.AddField(
            model_name='unratedcall',
            name='account',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='unratedcall',
            name='customer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='unratedcall',
            name='level_customer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer'),
        ),
        migrations.AddIndex(
            model_name='cdrimporterror',
            index=models.Index(models.F('cdr_import'), models.F('line'), name='cdr_error_by_line'),
        ),
        migrations.AddConstraint(
            model_name='opentransaction',
            constraint=models.UniqueConstraint(models.F('switch'), models.F('key'), name='open_transaction_once'),
        ),
        migrations.AddIndex(
            model_name='unratedcall',
            index=models.Index(fields=['customer', '-setup_at'], name='unrated_by_customer'),
        ),
    ]
