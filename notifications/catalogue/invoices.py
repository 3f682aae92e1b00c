"""Messages about invoices: issued, due, overdue, and what follows where they stay unpaid."""

from django.utils.translation import gettext_lazy as _

from notifications.catalogue.kinds import SAMPLE_DAY, Field, Kind, company_letter, money
from notifications.choices import Event, Mailbox
from notifications.values import Link

INVOICE_LINK = Field(
    "invoice_link", _("Page of the invoice"), Link("https://portal.example/billing/invoices/117/")
)
OVERDUE_LINK = Field(
    "overdue_link",
    _("Page of all overdue invoices; empty: none is"),
    Link("https://portal.example/billing/invoices/?status=overdue"),
)
SEE_INVOICE = _("See the invoice: {{ invoice_link }}")
SEE_OVERDUE = _("{% if overdue_link %}See the overdue invoices: {{ overdue_link }}{% endif %}")
NUMBER = Field("invoice.number", _("Number of the invoice"), "INV-000117")
TOTAL = Field("invoice.total", _("Total of the invoice"), money("1248.36"))
OPEN = (
    NUMBER,
    TOTAL,
    Field("invoice.open", _("What is still to be paid of it"), money("1248.36")),
    Field("invoice.due_on", _("Until which day it is to be paid"), SAMPLE_DAY),
    INVOICE_LINK,
)
OVERDUE = Field("overdue.amount", _("What is overdue in all"), money("1248.36"))

KINDS = (
    Kind(
        Event.INVOICE,
        purpose=_("Sent with each invoice and credit note that is issued."),
        subject=_(
            "{% if invoice.is_credit_note %}Credit note{% else %}Invoice{% endif %}"
            " {{ invoice.number }}"
        ),
        body=company_letter(
            _(
                "{% if invoice.is_credit_note %}attached is credit note {{ invoice.number }} for"
                " invoice {{ invoice.corrects }}.{% else %}attached is invoice"
                " {{ invoice.number }}.{% endif %}"
            ),
            _(
                "{% if invoice.is_credit_note %}Credited  {{ invoice.total }}{% else %}"
                "Total of this invoice  {{ invoice.total }}\n"
                "Amount due  {{ invoice.amount_due }}{% if invoice.due_on %}\n"
                "Due  {{ invoice.due_on }}{% endif %}{% endif %}"
            ),
            _(
                "{% if annex_csv %}List of calls, CSV: {{ annex_csv }}\n"
                "List of calls, XLSX: {{ annex_xlsx }}{% endif %}"
            ),
            SEE_INVOICE,
        ),
        fields=(
            NUMBER,
            TOTAL,
            Field(
                "invoice.amount_due", _("Amount due with what was open before"), money("1248.36")
            ),
            Field(
                "invoice.due_on", _("Until which day it is to be paid; empty: nothing"), SAMPLE_DAY
            ),
            Field(
                "invoice.is_credit_note", _("Yes for a credit note (for use with if)"), sample=False
            ),
            Field("invoice.corrects", _("Number of the invoice that is credited"), ""),
            INVOICE_LINK,
            Field(
                "annex_csv", _("Link to the list of calls, CSV"), Link("https://portal.example/a/")
            ),
            Field(
                "annex_xlsx",
                _("Link to the list of calls, XLSX"),
                Link("https://portal.example/x/"),
            ),
        ),
        mailbox=Mailbox.BILLING,
        bell="invoices.view",
    ),
    Kind(
        Event.INVOICE_DUE,
        purpose=_("Sent some days before an invoice is due, as your invoice settings say."),
        subject=_("Invoice {{ invoice.number }}: {{ invoice.open }} due on {{ invoice.due_on }}"),
        body=company_letter(
            _(
                "invoice {{ invoice.number }} is due on {{ invoice.due_on }}. If you have paid it"
                " meanwhile, nothing is left to do."
            ),
            _("Total  {{ invoice.total }}\nOpen  {{ invoice.open }}"),
            SEE_INVOICE,
        ),
        fields=OPEN,
        mailbox=Mailbox.BILLING,
        bell="invoices.view",
    ),
    Kind(
        Event.INVOICE_OVERDUE,
        purpose=_("Sent some days after an invoice was due, as your invoice settings say."),
        subject=_("Overdue: invoice {{ invoice.number }}, {{ invoice.open }}"),
        body=company_letter(
            _(
                "invoice {{ invoice.number }} was due on {{ invoice.due_on }} and is not paid in"
                " full.{% if stops_on %} Calls stop on {{ stops_on }} if it is still open then."
                "{% endif %}"
            ),
            _("Total  {{ invoice.total }}\nOpen  {{ invoice.open }}"),
            _("If you have paid it meanwhile, nothing is left to do."),
            SEE_INVOICE,
        ),
        fields=(
            *OPEN,
            Field("stops_on", _("From which day calls stop; empty: they do not"), SAMPLE_DAY),
        ),
        mailbox=Mailbox.BILLING,
        bell="invoices.view",
        owner_bell="money.manage",
    ),
    Kind(
        Event.SUSPENDED,
        purpose=_("Sent when calls are stopped for overdue invoices, or by hand."),
        subject=_("Suspended: {{ customer.company }} cannot make calls"),
        body=company_letter(
            _(
                "{% if overdue.count %}calls are stopped, as invoices are overdue. They go on once"
                " what is overdue is paid. The portal stays open.{% else %}calls are stopped. The"
                " portal stays open. Reply to this letter for the reason.{% endif %}"
            ),
            _(
                "{% if overdue.count %}Overdue invoices  {{ overdue.count }}\n"
                "Overdue  {{ overdue.amount }}{% endif %}"
            ),
            SEE_OVERDUE,
        ),
        fields=(
            OVERDUE,
            OVERDUE_LINK,
            Field("overdue.count", _("How many invoices are overdue; empty: none"), 1),
        ),
        mailbox=Mailbox.BILLING,
        bell="",
        owner_bell="money.manage",
        shows=("invoices.view",),
    ),
    Kind(
        Event.LIFTED,
        purpose=_("Sent when calls go on after a suspension."),
        subject=_("{{ customer.company }} can make calls again"),
        body=company_letter(
            _(
                "{% if promised_until %}calls can be made again until {{ promised_until }}. They"
                " stop after that day if what is overdue is not paid.{% else %}calls can be made"
                " again.{% endif %}"
            ),
            _("{% if promised_until %}Overdue  {{ overdue.amount }}{% endif %}"),
            SEE_OVERDUE,
        ),
        fields=(
            OVERDUE,
            OVERDUE_LINK,
            Field("promised_until", _("Until which day a promise lasts; empty: none"), SAMPLE_DAY),
        ),
        mailbox=Mailbox.BILLING,
        bell="",
        owner_bell="money.manage",
        shows=("invoices.view",),
    ),
    Kind(
        Event.CLOSING_FAILED,
        purpose=_("Told to you when a billing period could not be closed or invoiced."),
        subject=_(
            "{% if is_draft %}The invoice of {{ payer }} until {{ period.end }} could not be issued"
            "{% else %}The period of {{ payer }} until {{ period.end }} could not be closed"
            "{% endif %}"
        ),
        body=(
            _(
                "{% if is_draft %}The draft of an invoice of {{ payer }} could not be issued by"
                " itself.{% else %}The billing period of {{ payer }} could not be closed."
                "{% endif %}"
            ),
            _(
                "From  {{ period.start }}\nUntil  {{ period.end }}\nReason  {{ reason }}\n"
                "Page  {{ page_link }}"
            ),
            "{{ sender.name }}",
        ),
        fields=(
            Field("payer", _("Whose period it is"), "baltic"),
            Field("period.start", _("First day of the period"), SAMPLE_DAY),
            Field("period.end", _("Last day of the period"), SAMPLE_DAY),
            Field("reason", _("What hinders it"), "3 calls are not rated yet"),
            Field(
                "is_draft",
                _("Yes where a draft could not be issued (for use with if)"),
                sample=False,
            ),
            Field("page_link", _("Page that shows it"), Link("https://portal.example/billing/")),
        ),
        mailbox=Mailbox.BILLING,
        bell="money.manage",
    ),
)
