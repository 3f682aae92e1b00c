from django.db import migrations

import softswitch.core.fields


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0006_webhook_secrets'),
    ]

    operations = [
        migrations.AlterField(
            model_name='message',
            name='last_error',
            field=softswitch.core.fields.ReasonField(blank=True, verbose_name='last error'),
        ),
        migrations.AlterField(
            model_name='webhookdelivery',
            name='last_error',
            field=softswitch.core.fields.ReasonField(blank=True, verbose_name='last error'),
        ),
    ]
