"""The automatic reports: what was used, what it cost, and the list of calls of a day."""

from django.utils.translation import gettext_lazy as _

from notifications.catalogue.kinds import SAMPLE_DAY, Field, Kind, company_letter, money
from notifications.choices import Event, Mailbox
from notifications.values import Link, Table

DAY = Field("report.day", _("The day that is reported"), SAMPLE_DAY)
CALLS = Field("report.calls", _("How many calls there were"), 4812)
FILE = Field(
    "file_link",
    _("Link to the file; empty where it is attached"),
    Link("https://portal.example/f/"),
)

KINDS = (
    Kind(
        Event.USAGE_SUMMARY,
        purpose=_("Sent each day to who has the daily usage summary."),
        subject=_("{{ customer.company }}: usage of {{ report.day }}"),
        body=company_letter(
            _("this is what was used on {{ report.day }}."),
            _(
                "Calls  {{ report.calls }}\nConnected  {{ report.connected }}\n"
                "Minutes  {{ report.minutes }}\nCost  {{ report.cost }}"
            ),
            "{{ summary }}",
        ),
        fields=(
            DAY,
            CALLS,
            Field("report.connected", _("How many of them were connected"), 2977),
            Field("report.minutes", _("Billed minutes"), "10,226.4"),
            Field("report.cost", _("What they cost"), money("412.08")),
            Field(
                "summary",
                _("Table by country, code name or code"),
                Table(
                    ("Country", "Calls", "Connected", "Minutes", "Cost"),
                    (("Estonia", 3012, 1954, "7,120.0", money("288.11")),),
                ),
            ),
        ),
        mailbox=Mailbox.BILLING,
        shows=("reports.view",),
    ),
    Kind(
        Event.BALANCE_SUMMARY,
        purpose=_("Sent each day to who has the daily balance summary."),
        subject=_("{{ customer.company }}: balance of {{ report.day }}"),
        body=company_letter(
            _("this is your balance of {{ report.day }}."),
            _(
                "Opening balance  {{ opening }}\n"
                "{% if late %}Late charges of earlier days  {{ late }}\n{% endif %}"
                "Used  {{ used }}\nPayments  {{ payments }}\n"
                "Other  {{ other }}\nClosing balance  {{ closing }}\n"
                "Credit limit  {{ credit_limit }}\nCredit left  {{ available }}"
            ),
        ),
        fields=(
            DAY,
            Field("opening", _("Balance that the day before closed with"), money("-21065.37")),
            Field(
                "late",
                _("What calls of earlier days have cost since those were told; empty for none"),
                money("-3.10"),
            ),
            Field("used", _("What calls cost that day"), money("-412.08")),
            Field("payments", _("What was paid that day"), money("0.00")),
            Field("other", _("Credits, debits, fees and taxes of the day"), money("0.00")),
            Field("closing", _("Balance when the day ended"), money("-21480.55")),
            Field("credit_limit", _("Credit limit"), money("25000.00")),
            Field("available", _("What was left of it"), money("3519.45")),
        ),
        mailbox=Mailbox.BILLING,
        shows=("balance.view",),
    ),
    Kind(
        Event.DAILY_CDRS,
        purpose=_("Sent each day to who has the daily CDR file."),
        subject=_("{{ customer.company }}: calls of {{ report.day }}"),
        body=company_letter(
            _(
                "{% if file_link %}the calls of {{ report.day }} are too many to be attached. The"
                " link works for {{ link_days }} days.{% else %}attached are the calls of"
                " {{ report.day }}.{% endif %}"
            ),
            _("Calls  {{ report.calls }}"),
            _("{% if file_link %}Download: {{ file_link }}{% endif %}"),
        ),
        fields=(DAY, CALLS, FILE, Field("link_days", _("For how many days the link works"), 14)),
        mailbox=Mailbox.BILLING,
        shows=("cdrs.view",),
    ),
)
