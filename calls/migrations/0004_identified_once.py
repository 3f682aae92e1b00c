"""The layout of an imported file, and what the database lets identification write on a call.

The number dialled through a host is cleaned by that host's tech prefix, so it may be written
together with the owner: once, while the owner is still unknown.
"""

from django.db import migrations, models

from softswitch.core.partitions import append_only_sql

OWNER_ONCE = """
CREATE FUNCTION calls_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found text[] := ARRAY[
        'customer_id', 'account_id', 'trunk_id', 'called_number', 'tech_prefix'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.customer_id IS NULL AND NEW.customer_id IS NOT NULL
       AND (to_jsonb(NEW) - found) = (to_jsonb(OLD) - found) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER append_only ON calls_call;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON calls_call
FOR EACH ROW EXECUTE FUNCTION calls_refuse_change();
"""
BEFORE = (
    "DROP TRIGGER append_only ON calls_call; DROP TRIGGER no_truncate ON calls_call;"
    "DROP FUNCTION calls_refuse_change();"
    + append_only_sql("calls_call", fill_in=("customer_id", "account_id", "trunk_id"))
)


class Migration(migrations.Migration):

    dependencies = [("calls", "0003_partitioned")]

    operations = [
        migrations.AddField(
            model_name="cdrimport",
            name="template",
            field=models.CharField(blank=True, max_length=40, verbose_name="template"),
        ),
        migrations.RunSQL(OWNER_ONCE, BEFORE),
    ]
