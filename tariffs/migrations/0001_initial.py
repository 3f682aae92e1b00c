import django.contrib.postgres.constraints
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import softswitch.core.fields
import timezone_field.fields
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customers', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Currency',
            fields=[
                ('code', models.CharField(max_length=3, primary_key=True, serialize=False, verbose_name='code')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('decimals', models.PositiveSmallIntegerField()),
                ('is_base', models.BooleanField(default=False)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['code'],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(models.F('is_base'), condition=models.Q(('is_base', True)), name='currency_one_base')],
            },
        ),
        migrations.CreateModel(
            name='Tariff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('timezone', timezone_field.fields.TimeZoneField(default='UTC', use_pytz=False, verbose_name='time zone')),
                ('average_call_duration', models.PositiveIntegerField(default=180, validators=[django.core.validators.MinValueValidator(1)], verbose_name='average call duration')),
                ('loss_protection', models.CharField(choices=[('off', 'Off'), ('refuse', 'Refuse')], default='off', max_length=6, verbose_name='loss protection')),
                ('is_default', models.BooleanField(default=False, verbose_name='default for new customers')),
                ('rates_revision', models.PositiveBigIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('archived_at', models.DateTimeField(editable=False, null=True)),
                ('currency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tariffs.currency')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tariffs', to='customers.customer')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='RateImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(upload_to='rate-imports/%Y/%m')),
                ('file_name', models.CharField(max_length=255)),
                ('state', models.CharField(choices=[('uploaded', 'Waiting'), ('checking', 'Checking'), ('ready', 'Ready to apply'), ('rejected', 'Rejected'), ('applying', 'Applying'), ('applied', 'Applied'), ('cancelled', 'Cancelled')], default='uploaded', max_length=9)),
                ('is_full_replacement', models.BooleanField(default=False, verbose_name='the sheet is complete')),
                ('effective_at', models.DateTimeField(blank=True, null=True, verbose_name='valid from')),
                ('rows_done', models.PositiveIntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('failure', models.TextField(blank=True)),
                ('revision_checked', models.PositiveBigIntegerField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('tariff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='imports', to='tariffs.tariff')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Rate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('prefix', softswitch.core.fields.PrefixField(blank=True, db_collation='C', max_length=32, verbose_name='prefix')),
                ('destination', models.CharField(blank=True, max_length=120, verbose_name='destination')),
                ('country', models.CharField(blank=True, max_length=2, verbose_name='country')),
                ('price_1', softswitch.core.fields.PriceField(decimal_places=8, max_digits=20, verbose_name='price 1')),
                ('price_n', softswitch.core.fields.PriceField(decimal_places=8, max_digits=20, verbose_name='price N')),
                ('interval_1', models.PositiveIntegerField(default=1, verbose_name='interval 1')),
                ('interval_n', models.PositiveIntegerField(default=1, verbose_name='interval N')),
                ('is_forbidden', models.BooleanField(default=False, verbose_name='forbidden')),
                ('grace_enabled', models.BooleanField(default=False, verbose_name='grace enabled')),
                ('valid_from', models.DateTimeField(default=django.utils.timezone.now, verbose_name='valid from')),
                ('valid_till', models.DateTimeField(blank=True, null=True, verbose_name='valid till')),
                ('tariff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='tariffs.tariff')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TariffAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateTimeField()),
                ('valid_till', models.DateTimeField(null=True)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tariff_assignments', to='customers.customer')),
                ('tariff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='tariffs.tariff')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TariffVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('connect_fee', softswitch.core.fields.PriceField(decimal_places=8, default=Decimal('0'), max_digits=20, verbose_name='connect fee')),
                ('free_seconds', models.PositiveIntegerField(default=0, verbose_name='free seconds')),
                ('grace_period', models.PositiveIntegerField(default=0, verbose_name='grace period')),
                ('post_call_surcharge', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=9, validators=[django.core.validators.MinValueValidator(-1), django.core.validators.MaxValueValidator(100)], verbose_name='post-call surcharge')),
                ('duration_rounding', models.CharField(choices=[('half_up', 'Half up'), ('up', 'Up')], default='up', max_length=7, verbose_name='duration rounding')),
                ('cost_rounding', models.CharField(choices=[('half_up', 'Half up'), ('up', 'Up')], default='half_up', max_length=7, verbose_name='cost rounding')),
                ('decimals', models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MaxValueValidator(6)], verbose_name='decimals')),
                ('is_not_billed', models.BooleanField(default=False, verbose_name='not billed')),
                ('valid_from', models.DateTimeField()),
                ('valid_till', models.DateTimeField(null=True)),
                ('tariff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='tariffs.tariff')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_on', models.DateField(verbose_name='valid from')),
                ('rate', softswitch.core.fields.RateOfExchangeField(decimal_places=10, max_digits=20, verbose_name='rate')),
                ('source', models.CharField(default='manual', max_length=20)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('currency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='tariffs.currency')),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['currency', '-valid_on', '-id'], name='exchange_rate_in_force')],
                'constraints': [models.CheckConstraint(condition=models.Q(('rate__gt', 0)), name='exchange_rate_positive')],
            },
        ),
        migrations.CreateModel(
            name='RateImportError',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('field', models.CharField(max_length=40)),
                ('reason', models.CharField(max_length=300)),
                ('raw', models.CharField(max_length=500)),
                ('rate_import', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='errors', to='tariffs.rateimport')),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(models.F('rate_import'), models.F('line'), name='import_error_by_line')],
            },
        ),
        migrations.CreateModel(
            name='RateImportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('change', models.CharField(choices=[('new', 'New'), ('increased', 'Increased'), ('decreased', 'Decreased'), ('changed', 'Changed'), ('unchanged', 'Unchanged'), ('closed', 'Closed')], max_length=9)),
                ('prefix', softswitch.core.fields.PrefixField(blank=True, db_collation='C', max_length=32)),
                ('destination', models.CharField(blank=True, max_length=120)),
                ('country', models.CharField(blank=True, max_length=2)),
                ('price_1', softswitch.core.fields.PriceField(decimal_places=8, max_digits=20)),
                ('price_n', softswitch.core.fields.PriceField(decimal_places=8, max_digits=20)),
                ('interval_1', models.PositiveIntegerField()),
                ('interval_n', models.PositiveIntegerField()),
                ('is_forbidden', models.BooleanField(default=False)),
                ('grace_enabled', models.BooleanField(default=False)),
                ('valid_from', models.DateTimeField()),
                ('valid_till', models.DateTimeField(null=True)),
                ('price_before', softswitch.core.fields.OptionalPriceField(decimal_places=8, max_digits=20, null=True)),
                ('rate_import', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='tariffs.rateimport')),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(models.F('rate_import'), models.F('change'), models.F('prefix'), name='import_row_by_change')],
            },
        ),
        migrations.AddConstraint(
            model_name='tariff',
            constraint=models.UniqueConstraint(models.F('owner'), django.db.models.functions.text.Lower('name'), condition=models.Q(('archived_at', None)), name='tariff_name_taken', violation_error_message='You have a tariff of this name.'),
        ),
        migrations.AddConstraint(
            model_name='tariff',
            constraint=models.UniqueConstraint(models.F('owner'), condition=models.Q(('archived_at', None), ('is_default', True)), name='tariff_one_default_per_owner'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.UniqueConstraint(models.F('tariff'), models.F('prefix'), models.F('valid_from'), name='rate_once'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.CheckConstraint(condition=models.Q(('interval_1__gte', 1), ('interval_n__gte', 1), ('price_1__range', (0, 1000000)), ('price_n__range', (0, 1000000))), name='rate_values'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.CheckConstraint(condition=models.Q(('prefix__regex', '^[0-9]*$')), name='rate_prefix_digits'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.CheckConstraint(condition=models.Q(('valid_till', None), ('valid_till__gt', models.F('valid_from')), _connector='OR'), name='rate_valid_range'),
        ),
        migrations.AddConstraint(
            model_name='tariffassignment',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('customer', '='), (models.Func(models.F('valid_from'), models.F('valid_till'), function='tstzrange'), '&&')], name='tariff_assignment_no_overlap'),
        ),
        migrations.AddConstraint(
            model_name='tariffversion',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('tariff', '='), (models.Func(models.F('valid_from'), models.F('valid_till'), function='tstzrange'), '&&')], name='tariff_version_no_overlap'),
        ),
        migrations.AddConstraint(
            model_name='tariffversion',
            constraint=models.CheckConstraint(condition=models.Q(('connect_fee__range', (0, 1000000)), ('decimals__lte', 6), ('post_call_surcharge__range', (-1, 100))), name='tariff_version_values'),
        ),
    ]
