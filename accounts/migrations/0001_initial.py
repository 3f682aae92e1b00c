import django.utils.timezone
import softswitch.core.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('sip', 'SIP account')], default='sip', max_length=4)),
                ('name', models.CharField(blank=True, max_length=120, verbose_name='name')),
                ('auth_name', models.CharField(max_length=80, verbose_name='auth name')),
                ('digest_ha1', models.CharField(blank=True, editable=False, max_length=32)),
                ('status', models.CharField(choices=[('active', 'Active'), ('inactive', 'Inactive')], default='active', max_length=8, verbose_name='status')),
                ('max_sessions', models.PositiveIntegerField(blank=True, null=True, verbose_name='max sessions')),
                ('cps_limit', models.PositiveIntegerField(blank=True, null=True, verbose_name='CPS limit')),
                ('max_call_seconds', models.PositiveIntegerField(blank=True, null=True, verbose_name='max call seconds')),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='in service since')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('archived_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AccountTerms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('charging', models.CharField(choices=[('with_customer', 'With the customer'), ('by_itself', 'By itself')], max_length=13)),
                ('valid_from', models.DateTimeField()),
                ('valid_till', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Host',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', softswitch.core.fields.NetworkField(verbose_name='IP or network')),
                ('port', models.PositiveIntegerField(blank=True, null=True, verbose_name='port')),
                ('tech_prefix', softswitch.core.fields.PrefixField(blank=True, db_collation='C', max_length=16, verbose_name='tech prefix')),
                ('status', models.CharField(choices=[('active', 'Active'), ('inactive', 'Inactive')], default='active', max_length=8, verbose_name='status')),
                ('call_limit', models.PositiveIntegerField(blank=True, null=True, verbose_name='call limit')),
                ('cps_limit', models.PositiveIntegerField(blank=True, null=True, verbose_name='CPS limit')),
                ('valid_from', models.DateTimeField(default=django.utils.timezone.now)),
                ('valid_till', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Trunk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('status', models.CharField(choices=[('active', 'Active'), ('inactive', 'Inactive')], default='active', max_length=8, verbose_name='status')),
                ('call_limit', models.PositiveIntegerField(blank=True, null=True, verbose_name='call limit')),
                ('cps_limit', models.PositiveIntegerField(blank=True, null=True, verbose_name='CPS limit')),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='in service since')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('archived_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TrunkOwnership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateTimeField()),
                ('valid_till', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
    ]
