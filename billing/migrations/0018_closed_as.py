from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0017_account_parameters")]

    operations = [
        migrations.AddField(
            model_name="balance",
            name="closed_as",
            field=models.JSONField(editable=False, null=True),
        ),
    ]
