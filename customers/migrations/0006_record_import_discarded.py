from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0005_start_of_names'),
    ]

    operations = [
        migrations.AlterField(
            model_name='recordimport',
            name='state',
            field=models.CharField(choices=[('checking', 'Checking'), ('checked', 'Ready to apply'), ('applying', 'Applying'), ('applied', 'Applied'), ('failed', 'Failed'), ('discarded', 'Discarded')], max_length=9, verbose_name='state'),
        ),
    ]
