"""Bills the demo's customers: what owners define for invoices, and what each week closes."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.choices import InvoiceState, MaintenanceAction, Mode
from billing.models import Invoice
from billing.selectors.tax_settings import NewRate
from billing.services.closing import close_due
from billing.services.invoice_settings import create_settings, create_term
from billing.services.issuing import issue_invoice
from billing.services.maintenance import maintain
from billing.services.tax_settings import create_tax
from calls.services.demo.opening import Opened
from customers.choices import InvoiceSection
from customers.services.customers import edit_profile
from customers.services.parameters import set_parameters
from customers.tenancy import Actor

SECTIONS = [InvoiceSection.TAX, InvoiceSection.PAYMENTS, InvoiceSection.CDRS]
TAXED_ZONE = "Europe/London"  # whose customers pay the tax of their owners' country
LATE_ONE_IN = 13
PAYMENT_TEXT = "By bank transfer to GB33 BUKB 2020 1555 5555 55, with the number of the invoice."
ADDRESSES = {"Europe/London": ("7 Exchange Street\nLeeds LS1 4AP\nUnited Kingdom", "GB")}


class Invoicing:
    """Lets the owners among ``opened`` invoice by settings of their own, and bills by weeks."""

    def __init__(self, operator: Actor, opened: Sequence[Opened]) -> None:
        self._owners = {operator.customer_id: operator}
        self._owners |= {one.owner.customer_id: one.owner for one in opened}
        self._late = {one.balance.pk for one in opened[::LATE_ONE_IN]}
        chosen = {pk: _define(owner) for pk, owner in self._owners.items()}
        for one in opened:
            is_taxed = one.firm.home.zone == TAXED_ZONE
            values = chosen[one.owner.customer_id] | {
                # What prepaid firms have paid for is looked at before it is issued.
                "auto_invoice": one.firm.mode == Mode.POSTPAID or one.firm.kind == "residential",
            }
            if not is_taxed:
                values["tax"] = None
            set_parameters(actor=one.owner, customer=one.customer, values=values)

    def bill_until(self, moment: datetime) -> tuple[int, int]:
        """Close what is due at ``moment`` and issue it; how many periods, how many invoices."""
        closed = close_due(moment=moment)
        rows = Invoice.objects.filter(state=InvoiceState.DRAFT, issue_after__lte=moment)
        due = list(rows.select_related("balance", "issuer").order_by("period__starts_at", "pk"))
        for invoice in due:
            zone = ZoneInfo(str(invoice.issuer.timezone))
            issue_invoice(
                actor=self._owners[invoice.issuer_id],
                invoice=invoice,
                issued_on=(invoice.issue_after or moment).astimezone(zone).date(),
            )
        self._pay(moment)
        return closed, len(due)

    def _pay(self, moment: datetime) -> None:
        """Most pay what has fallen due, in full; some are late, so that dunning has work.

        Where money met an older debt the invoice is still open a week later, and paid again.
        """
        rows = Invoice.objects.filter(open_amount__gt=0, due_on__lte=moment.date())
        for invoice in rows.select_related("balance").order_by("pk"):
            if invoice.balance_id not in self._late:
                maintain(
                    actor=self._owners[invoice.issuer_id],
                    balance=invoice.balance,
                    action=MaintenanceAction.ADD_FUNDS.value,
                    amount=invoice.open_amount,
                    currency=invoice.currency_id,
                    key=f"demo:invoice:{invoice.pk}:{moment:%Y%m%d}",
                    notes=f"Invoice {invoice.number}",
                    at=moment,
                )


def _define(owner: Actor) -> dict[str, object]:
    """The parameters that name what ``owner`` invoices by."""
    address, country = ADDRESSES.get(str(owner.customer.timezone), ("", ""))
    if owner.customer.is_root and address:
        company = {"address": address, "country": country, "tax_id": "GB123456789"}
        edit_profile(actor=owner, customer=owner.customer, values=company)
    series = "".join(word[0] for word in owner.customer.name.split() if word[0].isalpha())
    return {
        "payment_term": create_term(actor=owner, name="Net 14", due_days=14, grace_days=10),
        "invoice_settings": create_settings(
            actor=owner,
            name="Standard",
            series=f"{series.upper()}-{{year}}-",
            sections=SECTIONS,
            payment_text=PAYMENT_TEXT,
            footer="Thank you for calling with us.",
        ),
        "tax": create_tax(actor=owner, name="VAT 20 %", rates=[NewRate("VAT", Decimal(20))]),
    }
