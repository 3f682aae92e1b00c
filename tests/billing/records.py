"""What the tests of record imports share: files, uploads, jobs run to their end."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from billing.services.records.applying import apply_import
from billing.services.records.checking import check_import
from billing.services.records.uploads import request_apply, start_import
from customers.models import RecordImport
from customers.tenancy import Actor


def csv_file(rows: Iterable[dict[str, Any]], *, delimiter: str = ",") -> bytes:
    """A file whose columns are all that the rows name."""
    rows = list(rows)
    text = io.StringIO()
    columns = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, list(columns), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def uploaded(actor: Actor, kind: str, content: bytes, name: str = "file.csv") -> RecordImport:
    """An import whose rows wait to be checked."""
    return start_import(
        actor=actor, kind=kind, file=io.BytesIO(content), size=len(content), name=name
    )


def checked(actor: Actor, kind: str, rows: Iterable[dict[str, Any]] | bytes) -> RecordImport:
    """An import after its check."""
    content = rows if isinstance(rows, bytes) else csv_file(rows)
    job = uploaded(actor, kind, content)
    check_import(job.pk)
    job.refresh_from_db()
    return job


def applied(actor: Actor, kind: str, rows: Iterable[dict[str, Any]] | bytes) -> RecordImport:
    """An import after it was applied, or failed."""
    job = checked(actor, kind, rows)
    assert job.errors == [], job.errors
    request_apply(actor=actor, job=job)
    apply_import(job.pk)
    job.refresh_from_db()
    return job


def problems(job: RecordImport) -> dict[tuple[int, str], str]:
    """The errors of an import by row and column."""
    return {(row, column): reason for row, column, reason in job.errors}


def plain(
    record: Any, own: dict[tuple[type[Model], Any], str], left_out: set[str]
) -> dict[str, str]:
    """The columns of a row as text, without those ``left_out``.

    ``own`` says in words what is only this row's: ids by the model they are ids of (two tables
    may well count to the same number), and texts under the model ``Model``.
    """
    texts = {value: word for (model, value), word in own.items() if model is Model}
    shown = {}
    for field in record._meta.fields:
        if field.name in left_out:
            continue
        value = getattr(record, field.attname)
        text = str(own.get((field.related_model, value), value) if field.is_relation else value)
        for key, word in texts.items():
            text = text.replace(key, word)
        shown[field.name] = text
    return shown
