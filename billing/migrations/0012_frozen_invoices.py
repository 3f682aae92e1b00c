"""What was issued stays: triggers on invoices, their lines and taxes, and on allocations."""

from django.db import migrations

from softswitch.core.partitions import append_only_sql

# What of an issued invoice still moves: what is paid of it, its mail, and that it was voided.
INVOICES = """
CREATE FUNCTION billing_keep_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'open_amount', 'mailed_at', 'problem', 'voided_at',
                           'voided_by_id', 'reason'];
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.state IN (OLD.state, 'void')
       AND (to_jsonb(NEW) - moving) = (to_jsonb(OLD) - moving) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'invoice % is issued: % refused', OLD.number, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_issued BEFORE UPDATE OR DELETE ON billing_invoice
FOR EACH ROW EXECUTE FUNCTION billing_keep_invoice();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON billing_invoice
FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
# One look per statement, however many lines it writes: drafts are made by the thousand.
PARTS = """
CREATE FUNCTION billing_keep_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM touched t JOIN billing_invoice i ON i.id = t.invoice_id
               WHERE i.state <> 'draft') THEN
        RAISE EXCEPTION '% of an issued invoice: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""
_PART = """
CREATE TRIGGER keep_issued_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION billing_keep_parts();
CREATE TRIGGER keep_issued_update AFTER UPDATE ON {table} REFERENCING OLD TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION billing_keep_parts();
CREATE TRIGGER keep_issued_into AFTER UPDATE ON {table} REFERENCING NEW TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION billing_keep_parts();
CREATE TRIGGER keep_issued_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION billing_keep_parts();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
TABLES = ("billing_invoiceline", "billing_invoicetax")
UNDO_INVOICES = """
DROP TRIGGER keep_issued ON billing_invoice;
DROP TRIGGER no_truncate ON billing_invoice;
DROP FUNCTION billing_keep_invoice();
"""
_UNDO_PART = """
DROP TRIGGER keep_issued_insert ON {table};
DROP TRIGGER keep_issued_update ON {table};
DROP TRIGGER keep_issued_into ON {table};
DROP TRIGGER keep_issued_delete ON {table};
DROP TRIGGER no_truncate ON {table};
"""
UNDO_ALLOCATIONS = """
DROP TRIGGER append_only ON billing_allocation;
DROP TRIGGER no_truncate ON billing_allocation;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_closing")]

    operations = [
        migrations.RunSQL(INVOICES, UNDO_INVOICES),
        migrations.RunSQL(
            PARTS + "".join(_PART.format(table=table) for table in TABLES),
            "".join(_UNDO_PART.format(table=table) for table in TABLES)
            + "DROP FUNCTION billing_keep_parts();",
        ),
        migrations.RunSQL(append_only_sql("billing_allocation"), UNDO_ALLOCATIONS),
    ]
