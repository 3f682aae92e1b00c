import timezone_field.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='CdrImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('format', models.CharField(choices=[('freeswitch_csv', 'FreeSWITCH mod_cdr_csv'), ('freeswitch_json', 'FreeSWITCH JSON CDR'), ('asterisk_csv', 'Asterisk Master.csv'), ('kamailio_acc', 'Kamailio acc, a row per transaction'), ('kamailio_cdrs', 'Kamailio acc_cdrs, a row per call'), ('generic_csv', 'Generic CSV')], max_length=20, verbose_name='format')),
                ('file', models.FileField(blank=True, upload_to='cdr-imports/%Y/%m', verbose_name='file')),
                ('file_name', models.CharField(max_length=255)),
                ('file_size', models.BigIntegerField(default=0)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='waiting', max_length=7)),
                ('records_done', models.BigIntegerField(default=0)),
                ('bytes_done', models.BigIntegerField(default=0)),
                ('calls_new', models.BigIntegerField(default=0)),
                ('calls_repeated', models.BigIntegerField(default=0)),
                ('calls_conflicting', models.BigIntegerField(default=0)),
                ('lines_rejected', models.BigIntegerField(default=0)),
                ('lines_skipped', models.JSONField(default=dict)),
                ('failure', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='CdrImportError',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.BigIntegerField()),
                ('field', models.CharField(max_length=40)),
                ('reason', models.CharField(max_length=300)),
                ('raw', models.CharField(max_length=500)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='OpenTransaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=400)),
                ('contents', models.JSONField()),
                ('received_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='PendingCall',
            fields=[
                ('call_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('setup_at', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Switch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('token_hash', models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ('source_addresses', models.TextField(blank=True, verbose_name='source addresses')),
                ('timezone', timezone_field.fields.TimeZoneField(default='UTC', use_pytz=False, verbose_name='time zone of its CDRs')),
                ('international_prefixes', models.CharField(default='+ 00 011', max_length=60, verbose_name='international prefixes')),
                ('default_country_code', models.CharField(blank=True, max_length=4, verbose_name='default country code')),
                ('national_prefix', models.CharField(blank=True, max_length=4, verbose_name='national prefix')),
                ('tech_prefix_separator', models.CharField(blank=True, default='#', max_length=2)),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='UnratedCall',
            fields=[
                ('call_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('setup_at', models.DateTimeField()),
                ('is_account_level', models.BooleanField(default=False)),
                ('reason', models.CharField(choices=[('unknown', 'Unknown account or trunk'), ('no_rate', 'No rate'), ('forbidden', 'Forbidden destination'), ('no_tariff', 'No tariff'), ('no_exchange_rate', 'No exchange rate')], max_length=16)),
                ('since', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='CallConflict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('call_id', models.BigIntegerField()),
                ('setup_at', models.DateTimeField()),
                ('content_hash', models.UUIDField()),
                ('contents', models.JSONField()),
                ('cdr_import_id', models.BigIntegerField(null=True)),
                ('received_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(models.F('call_id'), models.F('content_hash'), name='call_conflict_once')],
            },
        ),
    ]
