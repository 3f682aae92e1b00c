"""The trigger function behind append-only tables."""

from django.db import migrations

# The first argument lists columns that may be filled in once, while they are still empty.
FUNCTION = """
CREATE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fill_in text[] := CASE WHEN TG_NARGS > 0 THEN string_to_array(TG_ARGV[0], ',') ELSE '{}' END;
    filled text;
BEGIN
    IF TG_OP = 'UPDATE' AND array_length(fill_in, 1) > 0
       AND (to_jsonb(NEW) - fill_in) = (to_jsonb(OLD) - fill_in) THEN
        FOREACH filled IN ARRAY fill_in LOOP
            IF to_jsonb(OLD) -> filled <> 'null'::jsonb
               AND to_jsonb(OLD) -> filled <> to_jsonb(NEW) -> filled THEN
                RAISE EXCEPTION '% of % is already set', filled, TG_TABLE_NAME
                    USING ERRCODE = 'restrict_violation';
            END IF;
        END LOOP;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION core_refuse_change()")]
