"""What the rate table of a large tariff is found and sorted by, and when a tariff last changed."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.contrib.postgres.operations import BtreeGinExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_trigrams'),
        ('tariffs', '0003_rate_sources'),
    ]

    operations = [
        # A GIN index begins with the tariff's number only where this tells it how.
        BtreeGinExtension(),
        migrations.AddField(
            model_name='tariff',
            name='changed_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='last change'),
        ),
        migrations.AddField(
            model_name='tariff',
            name='creation_key',
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name='rate',
            name='tariff',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='tariffs.tariff'),
        ),
        migrations.AddIndex(
            model_name='rate',
            index=django.contrib.postgres.indexes.GinIndex(models.F('tariff'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('destination'), 'gin_trgm_ops'), name='rate_part'),
        ),
        migrations.AddIndex(
            model_name='rate',
            index=models.Index(fields=['tariff', 'destination', 'id'], name='rate_by_destination'),
        ),
        migrations.AddIndex(
            model_name='rate',
            index=models.Index(fields=['tariff', 'country', 'prefix'], name='rate_by_country'),
        ),
        migrations.AddIndex(
            model_name='rate',
            index=models.Index(fields=['tariff', 'valid_from', 'id'], include=('valid_till',), name='rate_by_start'),
        ),
        migrations.AddIndex(
            model_name='rate',
            index=models.Index(condition=models.Q(('valid_till__isnull', False)), fields=['tariff', 'valid_till'], name='rate_by_end'),
        ),
        migrations.AddIndex(
            model_name='rate',
            index=models.Index(condition=models.Q(('is_forbidden', True)), fields=['tariff', 'prefix'], name='rate_forbidden'),
        ),
        migrations.RunSQL('UPDATE tariffs_tariff SET changed_at = created_at', migrations.RunSQL.noop),
    ]
