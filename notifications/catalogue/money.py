"""Messages about funds: how low they are, what came in, and what stops without them."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from notifications.catalogue.kinds import SAMPLE_DAY, Field, Kind, company_letter, money
from notifications.choices import Event, Mailbox
from notifications.values import Table

FUNDS = (
    Field("available", _("What can still be used"), money("3519.45")),
    Field("balance", _("Balance; negative where money is owed"), money("-21480.55")),
    Field("credit_limit", _("Credit limit"), money("25000.00")),
    Field("reserved", _("What calls in progress hold"), money("0.00")),
)
ALERT = (
    Field("alert.below", _("Below which amount this is told"), money("5000.00"), is_owners=True),
    Field("alert.days", _("For how many days it has been below"), 2, is_owners=True),
)
RECOVERY = Field(
    "alert.recovery",
    _("From which available amount the trunks are enabled"),
    money("5250.00"),
    is_owners=True,
)
SUMS = _("Balance  {{ balance }}\nCredit limit  {{ credit_limit }}\nAvailable  {{ available }}")
TRUNKS = Field("trunks", _("The trunks, by name"), Table(("Trunk",), (("Riga 1",), ("Tallinn 2",))))

KINDS = (
    Kind(
        Event.LOW_BALANCE,
        purpose=_("Sent while less is available than the amount or the percentage set."),
        subject=_("Low balance: {{ available }} available"),
        body=company_letter(
            _("your balance is low. When what is available is used up, no more calls can be made."),
            SUMS,
        ),
        fields=(*FUNDS, *ALERT),
        mailbox=Mailbox.BILLING,
        bell="balance.view",
    ),
    Kind(
        Event.ZERO_BALANCE,
        purpose=_("Sent once when nothing is available any more."),
        subject=_("{{ customer.company }}: nothing is available, calls stop"),
        body=company_letter(
            _("what was available is used up: no more calls can be made until you pay."), SUMS
        ),
        fields=FUNDS,
        mailbox=Mailbox.BILLING,
        bell="balance.view",
        owner_bell="money.manage",
    ),
    Kind(
        Event.CREDIT_LIMIT,
        purpose=_("Sent once each time a threshold of the credit limit is passed."),
        subject=_("{{ customer.company }}: {{ threshold }}% of the credit limit is used"),
        body=company_letter(
            _("at least {{ threshold }}% of your credit limit is used ({{ used_percent }}%)."),
            SUMS,
        ),
        fields=(
            *FUNDS,
            Field("threshold", _("The threshold that was passed, in percent"), 80),
            Field("used_percent", _("How much of the credit limit is used"), Decimal("85.9")),
        ),
        mailbox=Mailbox.BILLING,
        bell="balance.view",
        owner_bell="money.manage",
    ),
    Kind(
        Event.TRUNKS_DISABLED,
        purpose=_("Sent when trunks are disabled because the balance stayed low."),
        subject=_("{{ customer.company }}: trunks are disabled"),
        body=company_letter(
            _(
                "your balance has been low for {{ alert.days }} days, so these trunks take no calls"
                " any more. They are enabled again by themselves once {{ alert.recovery }} is"
                " available."
            ),
            "{{ trunks }}",
            SUMS,
        ),
        fields=(*FUNDS, *ALERT, RECOVERY, TRUNKS),
        mailbox=Mailbox.BILLING,
        bell="trunks.view",
        owner_bell="trunks.view",
        shows=("balance.view",),
    ),
    Kind(
        Event.TRUNKS_ENABLED,
        purpose=_("Sent when trunks that were disabled for a low balance are enabled again."),
        subject=_("{{ customer.company }}: trunks are enabled again"),
        body=company_letter(
            _("enough is available again, so these trunks take calls again."),
            "{{ trunks }}",
            SUMS,
        ),
        fields=(*FUNDS, TRUNKS),
        mailbox=Mailbox.BILLING,
        bell="trunks.view",
        owner_bell="trunks.view",
        shows=("balance.view",),
    ),
    Kind(
        Event.PAYMENT,
        purpose=_("Sent when a payment is recorded, where the payment received alert is on."),
        subject=_("Payment of {{ payment.amount }} received"),
        body=company_letter(
            _("thank you, your payment has arrived."),
            _(
                "Amount  {{ payment.amount }}\nReceived  {{ payment.day }}\n"
                "Balance  {{ balance }}\nAvailable  {{ available }}"
            ),
        ),
        fields=(
            Field("payment.amount", _("What was paid"), money("1250.00")),
            Field("payment.day", _("On which day"), SAMPLE_DAY),
            Field("payment.notes", _("Notes of the payment"), "Bank transfer 4711"),
            *FUNDS,
        ),
        mailbox=Mailbox.BILLING,
        bell="balance.view",
        owner_bell="money.manage",
    ),
    Kind(
        Event.TOP_UP_FAILED,
        purpose=_("Sent when an automatic top-up from a saved card fails."),
        subject=_("Top-up of {{ payment.amount }} failed"),
        body=company_letter(
            _(
                "your balance could not be topped up by {{ payment.amount }} from the saved card."
                " Automatic top-up is switched off until you switch it on again."
            ),
            _("Reason  {{ reason }}"),
        ),
        fields=(
            Field("payment.amount", _("What should have been paid"), money("50.00")),
            Field("reason", _("What the payment provider says"), "card_declined"),
        ),
        mailbox=Mailbox.BILLING,
        bell="balance.view",
    ),
)
