"""The history of one prefix of a tariff: its rows in order of time, and who changed them."""

from django.db.models import F, QuerySet, Window
from django.db.models.functions import Lag

from customers.models import AuditEvent
from customers.selectors import audit_rows
from customers.tenancy import Actor
from tariffs.choices import ImportState
from tariffs.models import Rate, RateImport, Tariff

BY_HAND = ("rate_set", "rate_edited", "rate_closed", "rate_deleted")
FROM_SHEET = "rates_imported"
COPIED = "tariff_copied"


def rate_history(rate: Rate) -> QuerySet[Rate]:
    """All rows of the tariff with the prefix of ``rate``, each with ``price_before``.

    That is the price N of the row of its profile that began before; None for the first.
    """
    rows: QuerySet[Rate] = Rate.objects.filter(tariff_id=rate.tariff_id, prefix=rate.prefix)
    before = Window(
        Lag("price_n"),
        partition_by="profile",
        order_by=[F("valid_from").asc(), F("pk").asc()],
    )
    return rows.annotate(price_before=before).select_related("tariff", "profile")


def rate_events(actor: Actor, tariff: Tariff, prefix: str) -> QuerySet[AuditEvent]:
    """What the audit log says of a prefix, newest first, as the actor may read it.

    Changes by hand, the sheets applied to it, and the copy it came from. The log names what it is
    about by the tariff's name of that time: what was done under an earlier name is not found.
    """
    applied = RateImport.objects.filter(
        tariff=tariff, state=ImportState.APPLIED, rows__prefix=prefix
    ).exclude(rows__change="unchanged")
    sheets = [f"{tariff}: {name}" for name in applied.values_list("file_name", flat=True)]
    mine = AuditEvent.objects.visible_to(actor).filter(customer_id=tariff.owner_id)
    by_hand = mine.filter(action__in=BY_HAND, subject=f"{tariff}: {prefix or '-'}")
    from_sheets = mine.filter(action=FROM_SHEET, subject__in=sheets)
    copied = mine.filter(action=COPIED, subject=str(tariff))
    return audit_rows(by_hand | from_sheets | copied, actor).order_by("-at", "-pk")
