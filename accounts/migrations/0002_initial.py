import django.contrib.postgres.constraints
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('customers', '0001_initial'),
        ('tariffs', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='accountterms',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terms', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='accountterms',
            name='tariff',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='account_terms', to='tariffs.tariff'),
        ),
        migrations.AddField(
            model_name='trunk',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trunks', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='host',
            name='trunk',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hosts', to='accounts.trunk'),
        ),
        migrations.AddField(
            model_name='trunkownership',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='trunkownership',
            name='trunk',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ownerships', to='accounts.trunk'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(models.F('customer'), django.db.models.functions.text.Lower('auth_name'), name='account_by_customer'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('auth_name'), name='account_auth_name_taken', violation_error_message='This auth name is taken.'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('auth_name__regex', '^\\S+$')), name='account_auth_name_trimmed'),
        ),
        migrations.AddConstraint(
            model_name='accountterms',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('account', '='), (models.Func(models.F('valid_from'), models.F('valid_till'), function='tstzrange'), '&&')], name='account_terms_no_overlap'),
        ),
        migrations.AddConstraint(
            model_name='accountterms',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('charging', 'with_customer'), ('tariff', None)), models.Q(('charging', 'by_itself'), ('tariff__isnull', False)), _connector='OR'), name='account_terms_tariff'),
        ),
        migrations.AddConstraint(
            model_name='trunk',
            constraint=models.UniqueConstraint(models.F('customer'), django.db.models.functions.text.Lower('name'), condition=models.Q(('archived_at', None)), name='trunk_name_taken', violation_error_message='A trunk of this name exists.'),
        ),
        migrations.AddConstraint(
            model_name='host',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(django.contrib.postgres.indexes.OpClass(models.F('network'), name='inet_ops'), '&&'), ('tech_prefix', '='), ('trunk', '<>'), (models.Func(models.F('valid_from'), models.F('valid_till'), function='tstzrange'), '&&')], name='host_taken'),
        ),
        migrations.AddConstraint(
            model_name='host',
            constraint=models.CheckConstraint(condition=models.Q(('tech_prefix__regex', '^[0-9*#]*$')), name='host_tech_prefix'),
        ),
        migrations.AddConstraint(
            model_name='trunkownership',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('trunk', '='), (models.Func(models.F('valid_from'), models.F('valid_till'), function='tstzrange'), '&&')], name='trunk_ownership_no_overlap'),
        ),
    ]
