import django.db.models.deletion
from django.db import migrations, models

# The moment is that of the change, which waits for a move of the row, not that of its transaction.
KEEP = """
CREATE FUNCTION customers_keep_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customers_formername (customer_id, name, until)
    VALUES (OLD.id, OLD.name, clock_timestamp());
    RETURN NULL;
END $$;
CREATE TRIGGER customers_keep_name AFTER UPDATE OF name ON customers_customer
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION customers_keep_name();
"""
FORGET = """
DROP TRIGGER customers_keep_name ON customers_customer;
DROP FUNCTION customers_keep_name();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0007_parameters_nothing'),
    ]

    operations = [
        migrations.CreateModel(
            name='FormerName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('until', models.DateTimeField()),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='former_names', to='customers.customer')),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['customer', 'until'], name='former_name_until')],
            },
        ),
        migrations.RunSQL(KEEP, FORGET),
    ]
