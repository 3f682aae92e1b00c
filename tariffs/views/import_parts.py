"""What the pages of a rate import share: who decides, the steps, what is said of the file."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from softswitch.core.display import listed, number_text
from tariffs.choices import ImportState
from tariffs.models import RateImport, Tariff

RUNNING = (
    ImportState.UPLOADED,
    ImportState.CHECKING,
    ImportState.APPLYING,
    ImportState.UNDOING,
)
DONE = (ImportState.APPLIED, ImportState.UNDOING, ImportState.UNDONE)


class OwnImportMixin:
    """Only the owner of the tariff decides on a sheet."""

    actor: Any

    def refine(self, queryset: QuerySet[RateImport]) -> QuerySet[RateImport]:
        return queryset.select_related("tariff")

    def check_object(self, obj: RateImport) -> None:
        if obj.tariff.owner_id != self.actor.customer_id:
            raise PermissionDenied


def import_steps(current: int, tariff: Tariff, rate_import: RateImport | None) -> list[Any]:
    """File, columns, preview, done: ``current`` counts from 0; done steps lead back."""
    labels = (_("File"), _("Columns"), _("Preview"), _("Done"))
    urls = [reverse("tariffs:import_create", args=[tariff.pk]), "", "", ""]
    if rate_import is not None and rate_import.state not in DONE:
        urls[1] = reverse("tariffs:import_columns", args=[rate_import.pk])
    return [
        {"label": label, "url": url, "is_current": at == current, "is_done": at < current}
        for at, (label, url) in enumerate(zip(labels, urls, strict=True))
    ]


def file_text(rate_import: RateImport) -> str:
    """The file, its sheet and how far it was read, in one line."""
    sheet = rate_import.layout.get("sheet", "")
    parts = [
        rate_import.file_name,
        _("sheet %(name)s") % {"name": sheet} if sheet else "",
        _("%(count)s lines") % {"count": number_text(rate_import.rows_done)}
        if rate_import.rows_done
        else "",
    ]
    text = listed(filter(None, parts))
    if rate_import.state in DONE:
        return text
    return f"{text}. {_('The tariff has not changed yet.')}"


def currency_warning(rate_import: RateImport) -> str:
    """What is said where the sheet names another currency than the tariff's; else nothing."""
    said = rate_import.outline.get("currency", "")
    own = rate_import.tariff.currency_id
    if not said or said == own:
        return ""
    text = _("The sheet says %(said)s, the tariff is in %(own)s: prices are taken as they stand.")
    return text % {"said": said, "own": own}
