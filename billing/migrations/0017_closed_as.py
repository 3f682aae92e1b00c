from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0016_dunning")]

    operations = [
        migrations.AddField(
            model_name="balance",
            name="closed_as",
            field=models.JSONField(editable=False, null=True),
        ),
    ]
