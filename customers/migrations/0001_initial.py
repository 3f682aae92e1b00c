import django.contrib.postgres.constraints
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import mptt.fields
import softswitch.core.fields
import timezone_field.fields
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('login', models.CharField(max_length=150, unique=True, verbose_name='login')),
                ('name', models.CharField(blank=True, max_length=150, verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('role', models.CharField(choices=[('administrator', 'Administrator'), ('billing', 'Billing'), ('reporter', 'Reporter'), ('noc', 'NOC'), ('read_only', 'Read-only')], default='administrator', max_length=13)),
                ('language', models.CharField(blank=True, max_length=10, verbose_name='language')),
                ('timezone', timezone_field.fields.TimeZoneField(blank=True, use_pytz=False, verbose_name='time zone')),
                ('display_currency', models.CharField(blank=True, max_length=3, verbose_name='display currency')),
                ('theme', models.CharField(choices=[('auto', 'As the device'), ('light', 'Light'), ('dark', 'Dark')], default='auto', max_length=5)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='users', to='accounts.account')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_root', models.BooleanField(default=False, editable=False)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('kind', models.CharField(choices=[('root', 'Root'), ('reseller', 'Reseller'), ('business', 'Business'), ('residential', 'Residential'), ('termination', 'Termination partner'), ('virtual', 'Virtual')], max_length=12, verbose_name='kind')),
                ('status', models.CharField(choices=[('active', 'Active'), ('inactive', 'Inactive'), ('closed', 'Closed')], default='active', max_length=8, verbose_name='status')),
                ('max_depth', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='levels allowed below')),
                ('company_name', models.CharField(blank=True, max_length=200, verbose_name='company')),
                ('main_email', models.EmailField(blank=True, max_length=254, verbose_name='main e-mail')),
                ('noc_email', models.EmailField(blank=True, max_length=254, verbose_name='NOC e-mail')),
                ('billing_email', models.EmailField(blank=True, max_length=254, verbose_name='billing e-mail')),
                ('rates_email', models.EmailField(blank=True, max_length=254, verbose_name='rates e-mail')),
                ('tax_id', models.CharField(blank=True, max_length=40, verbose_name='tax id')),
                ('address', models.TextField(blank=True, verbose_name='address')),
                ('contact', models.CharField(blank=True, max_length=200, verbose_name='contact')),
                ('internal_notes', models.TextField(blank=True, verbose_name='internal notes')),
                ('timezone', timezone_field.fields.TimeZoneField(default='UTC', use_pytz=False, verbose_name='time zone')),
                ('language', models.CharField(default='en', max_length=10, verbose_name='language')),
                ('call_limit', models.PositiveIntegerField(blank=True, null=True, verbose_name='call limit')),
                ('cps_limit', models.PositiveIntegerField(blank=True, null=True, verbose_name='CPS limit')),
                ('min_profitability', softswitch.core.fields.OptionalPriceField(blank=True, decimal_places=8, max_digits=20, null=True, verbose_name='minimum profitability')),
                ('min_profitability_unit', models.CharField(choices=[('per_minute', 'Per minute'), ('percent', 'Percent')], default='per_minute', max_length=10)),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='in service since')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('archived_at', models.DateTimeField(editable=False, null=True)),
                ('lft', models.PositiveIntegerField(editable=False)),
                ('rght', models.PositiveIntegerField(editable=False)),
                ('tree_id', models.PositiveIntegerField(db_index=True, editable=False)),
                ('level', models.PositiveIntegerField(editable=False)),
                ('owner', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='customers', to='customers.customer')),
                ('parent', mptt.fields.TreeForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='customers.customer')),
                ('rights_group', models.OneToOneField(editable=False, on_delete=django.db.models.deletion.PROTECT, to='auth.group')),
            ],
            options={
                'permissions': [('customers_add', 'customers.add'), ('customers_edit', 'customers.edit'), ('customers_delete', 'customers.delete'), ('accounts_add', 'accounts.add'), ('accounts_edit', 'accounts.edit'), ('accounts_delete', 'accounts.delete'), ('trunks_add', 'trunks.add'), ('trunks_edit', 'trunks.edit'), ('trunks_delete', 'trunks.delete'), ('tariffs_add', 'tariffs.add'), ('tariffs_edit', 'tariffs.edit'), ('tariffs_delete', 'tariffs.delete'), ('vouchers_add', 'vouchers.add'), ('vouchers_edit', 'vouchers.edit'), ('vouchers_delete', 'vouchers.delete'), ('cdrs_view', 'cdrs.view'), ('reports_view', 'reports.view'), ('invoices_view', 'invoices.view'), ('balance_view', 'balance.view'), ('rates_view', 'rates.view'), ('payments_make', 'payments.make'), ('api_access', 'api.access'), ('tariffs_assign_own', 'tariffs.assign_own'), ('routing_view', 'routing.view'), ('routing_change', 'routing.change'), ('system_settings', 'system.settings')],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('stack', models.JSONField(default=list)),
                ('action', models.CharField(max_length=60)),
                ('subject', models.CharField(max_length=200)),
                ('changes', models.JSONField(default=dict)),
                ('is_private', models.BooleanField(default=False)),
                ('ip', models.GenericIPAddressField(null=True)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('acting_as', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='audit_events', to='customers.customer')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='user',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='users', to='customers.customer'),
        ),
        migrations.CreateModel(
            name='CustomerGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='customers.customer')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.group')),
                ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='CustomerOwnership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateTimeField()),
                ('valid_till', models.DateTimeField(null=True)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ownerships', to='customers.customer')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(models.F('owner'), django.db.models.functions.text.Lower('name'), condition=models.Q(('archived_at', None)), name='customer_by_owner'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(django.db.models.functions.text.Lower('name'), models.F('id'), name='customer_by_name'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(fields=['tree_id', 'lft'], name='customers_customer_tree_id94c9'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower(django.db.models.functions.text.Trim('name')), name='customer_name_taken', violation_error_message='This name is taken.'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.UniqueConstraint(models.F('is_root'), condition=models.Q(('is_root', True)), name='customer_one_root'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('is_root', True), ('owner', None), ('parent', None)), models.Q(('is_root', False), ('owner__isnull', False), models.Q(('parent', None), ('parent', models.F('owner')), _connector='OR')), _connector='OR'), name='customer_owner_or_root'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.UniqueConstraint(models.F('tree_id'), condition=models.Q(('parent', None)), name='customer_one_top_per_tree'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], expressions=[('tree_id', '='), ('lft', '=')], name='customer_lft_once'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], expressions=[('tree_id', '='), ('rght', '=')], name='customer_rght_once'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['customer', '-at'], name='audit_by_customer'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('login', django.db.models.functions.text.Lower(django.db.models.functions.text.Trim('login')))), name='user_login_lower_case'),
        ),
        migrations.AlterUniqueTogether(
            name='customergrant',
            unique_together={('group', 'permission', 'content_object')},
        ),
        migrations.AddConstraint(
            model_name='customerownership',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('customer', '='), (models.Func(models.F('valid_from'), models.F('valid_till'), function='tstzrange'), '&&')], name='ownership_no_overlap'),
        ),
    ]
