from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_start_of_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='trunk',
            name='disabled_by_alert_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='trunk',
            index=models.Index(condition=models.Q(('disabled_by_alert_at__isnull', False)), fields=['customer'], name='trunk_disabled_by_alert'),
        ),
    ]
