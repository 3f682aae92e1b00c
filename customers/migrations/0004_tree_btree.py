from django.db import migrations

import softswitch.core.constraints


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0003_record_import_progress'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='customer',
            name='customer_lft_once',
        ),
        migrations.RemoveConstraint(
            model_name='customer',
            name='customer_rght_once',
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=softswitch.core.constraints.UniqueAtCommit(columns=['tree_id', 'lft'], name='customer_lft_once'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=softswitch.core.constraints.UniqueAtCommit(columns=['tree_id', 'rght'], name='customer_rght_once'),
        ),
    ]
