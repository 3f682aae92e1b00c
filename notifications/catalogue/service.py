"""Messages about the service itself: trunks, rates, files that were read."""

from django.utils.translation import gettext_lazy as _

from notifications.catalogue.kinds import Field, Kind, company_letter
from notifications.choices import Event, Mailbox
from notifications.values import Link, Table

KINDS = (
    Kind(
        Event.TRUNK_UPDATE,
        purpose=_("Sent when a trunk or its hosts change, where trunk updates are on."),
        subject=_("Trunk {{ trunk.name }} was changed"),
        body=company_letter(_("your trunk {{ trunk.name }} was changed:"), "{{ changes }}"),
        fields=(
            Field("trunk.name", _("Name of the trunk"), "Riga 1"),
            Field(
                "changes",
                _("Table of what changed: from what to what"),
                Table(("Field", "Before", "Now"), (("Call limit", "30", "60"),)),
            ),
        ),
        mailbox=Mailbox.NOC,
        bell="trunks.view",
    ),
    Kind(
        Event.RATES,
        purpose=_("Sent with the changed rates when a rate sheet is applied, if you ask for it."),
        subject=_("Rate notification: changes {{ changes }}"),
        body=company_letter(
            _(
                "the rates that you pay change. Each price before and after, and from when it is"
                " valid, stands in the attached file."
            ),
            "{{ summary }}",
            _("Prices are in {{ currency }} per minute."),
        ),
        fields=(
            Field("changes", _("How many rates change"), 214),
            Field(
                "summary",
                _("Table of how many rates change in which way"),
                Table(("Change", "Rates"), (("Increase", 180), ("New", 34))),
            ),
            Field("currency", _("Currency of the prices"), "EUR"),
        ),
        mailbox=Mailbox.RATES,
        bell="rates.view",
    ),
    Kind(
        Event.IMPORT_FINISHED,
        purpose=_("Told to whoever started an import, when it has ended."),
        subject=_("Import of {{ import.file }}: {{ import.state }}"),
        body=(
            _("The import of {{ import.file }} has ended: {{ import.state }}."),
            _(
                "Kind  {{ import.kind }}\nRows  {{ import.rows }}\n"
                "With errors  {{ import.errors }}\nPage  {{ page_link }}"
            ),
            "{{ sender.name }}",
        ),
        fields=(
            Field("import.file", _("Name of the file"), "customers.csv"),
            Field("import.kind", _("What it holds"), "Customers"),
            Field("import.state", _("How it ended"), "Applied"),
            Field("import.rows", _("How many rows it has"), 1200),
            Field("import.errors", _("How many rows have errors"), 3),
            Field("page_link", _("Page that shows it"), Link("https://portal.example/imports/7/")),
        ),
        mailbox=Mailbox.LOGIN,
        bell="",
    ),
)
