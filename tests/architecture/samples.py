"""One row of every model that a page can show, all of them the shop's or its owners'."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Model

from accounts.models import Account, CardBatch, Host, Trunk, Voucher, VoucherBatch
from accounts.services.cards import NewCards
from accounts.services.hosts import NewHost
from accounts.services.trunks import create_trunk
from accounts.services.vouchers import NewBatch, create_batch
from billing.models import (
    Balance,
    BillingPeriod,
    DunningStep,
    Fee,
    Invoice,
    InvoiceSettings,
    LedgerEntry,
    OnlinePayment,
    PaymentProvider,
    PaymentTerm,
    Suspension,
    Tax,
)
from billing.services.cards import open_cards
from calls.models import Call, CdrImport, DailyReport, ReRating, Switch, UnratedCall, WhatIf
from calls.services.what_if.questions import Change
from customers.models import (
    ApiToken,
    AuditEvent,
    BusinessModel,
    Customer,
    CustomerClass,
    CustomerTemplate,
    CustomField,
    RecordImport,
    User,
    UserSession,
)
from customers.services.tokens import create_token
from notifications.models import Message, Notice, Webhook, WebhookDelivery
from notifications.services.outbox import keep_attachment
from softswitch.core.partitions import ensure_months
from softswitch.core.sealing import seal
from tariffs.models import (
    Currency,
    DestinationGroup,
    ExchangeRate,
    Rate,
    RateImport,
    RateProfile,
    Tariff,
)
from tests.billing.documents import terms
from tests.world import OPENED, World

SECRET = "zanzibar"  # stands in every name of the world's that a stranger must not read


def call_of(world: World, switch: Switch) -> Call:
    """A call of the shop's account an hour ago, stored but not charged."""
    at = datetime.now(UTC) - timedelta(hours=1)
    ensure_months(("calls_call",), [date(at.year, at.month, 1)])
    return Call.objects.create(
        id=900_001,
        setup_at=at,
        answered_at=at,
        ended_at=at + timedelta(minutes=1),
        duration_ms=60_000,
        switch=switch,
        native_id=f"{SECRET}-call",
        customer=world.shop,
        account=world.account,
        caller_number="442079460000",
        called_number="33199990000",
        content_hash=uuid.uuid4(),
    )


def cards_of(world: World) -> CardBatch:
    """Two prepaid cards of the shop, charged at the rates that it pays itself."""
    tariff = Tariff.objects.get(owner=world.sub_reseller)
    new = NewCards(f"Cards {SECRET}", 2, Decimal(5), tariff)
    return open_cards(actor=world.actor("shop"), customer=world.shop, new=new)


def unrated_of(world: World, call: Call) -> UnratedCall:
    """The shop has no rate for the call."""
    return UnratedCall.objects.create(
        call_id=call.id,
        setup_at=call.setup_at,
        customer=world.shop,
        level_customer=world.shop,
        reason="no_rate",
    )


def re_rating_of(world: World, call: Call) -> ReRating:
    """A preview of the sub-reseller: the shop would pay more for one call, one has no rate."""
    job = ReRating.objects.create(
        owner=world.sub_reseller,
        created_by=world.user("sub_reseller"),
        reason=f"Reason {SECRET}",
        since=OPENED,
        till=call.setup_at,
        customer=world.shop,
        state="previewed",
        calls_read=2,
        calls_changed=1,
        calls_failed=1,
    )
    job.sums.create(
        level=1,
        balance=world.balance("shop"),
        customer=world.shop,
        calls=1,
        changed=1,
        closed=0,
        before=1,
        after=2,
    )
    job.problems.create(
        call_id=call.id, setup_at=call.setup_at, customer=world.shop, reason="no_rate"
    )
    return job


def daily_report_of(world: World) -> DailyReport:
    """The calls of a day of the shop, told by the sub-reseller to both of them."""
    return DailyReport.objects.create(
        issuer=world.sub_reseller,
        customer=world.shop,
        kind="daily_cdrs",
        day=OPENED.date(),
        timezone="UTC",
        since=OPENED,
        until=OPENED + timedelta(days=1),
        due_at=OPENED + timedelta(days=1),
        planned_at=OPENED,
        state="sent",
        told="both",
        recipients=[f"{SECRET}@example.com"],
        own_recipients=[f"own-{SECRET}@example.com"],
        file=keep_attachment(name=SECRET, content_type="text/csv", content=SECRET.encode()),
        calls=1,
    )


def calls_of(world: World, call: Call) -> dict[type[Model], Any]:
    """The call, which is unrated, a re-rating, and a report of the calls of a day."""
    return {
        Call: call,
        UnratedCall: unrated_of(world, call),
        ReRating: re_rating_of(world, call),
        DailyReport: daily_report_of(world),
    }


def trunk_of(world: World) -> Trunk:
    """A trunk of the shop with one host."""
    return create_trunk(
        actor=world.actor("sub_reseller"),
        customer=world.shop,
        name=f"Trunk {SECRET}",
        hosts=[NewHost("192.0.2.99")],
        opened_at=OPENED,
    )


def record_import_of(world: World) -> RecordImport:
    """A file of customers with an error, uploaded by the sub-reseller."""
    return RecordImport.objects.create(
        owner=world.sub_reseller,
        user=world.user("sub_reseller"),
        kind="customer",
        state="failed",
        filename=SECRET,
        columns=["name"],
        rows=[[2, {"name": SECRET}]],
        errors=[[2, "name", SECRET]],
        total=1,
        wrong=1,
    )


def online_of(world: World) -> OnlinePayment:
    """A failed online payment of the shop to the sub-reseller."""
    provider = PaymentProvider.objects.create(owner=world.sub_reseller)
    return OnlinePayment.objects.create(
        balance=world.balance("shop"),
        provider=provider,
        amount=20,
        currency_id="GBP",
        state="failed",
        key=f"pay:{SECRET}",
        note=f"Note {SECRET}",
        created_by=world.user("shop"),
        acting_as=world.shop,
        created_at=OPENED,
    )


def dunning_of(world: World) -> DunningStep:
    """The shop is suspended by the sub-reseller, which noted why."""
    balance, at = world.balance("shop"), datetime.now(UTC)
    standing = Suspension.objects.create(balance=balance, opened_at=at, since=at, reason=SECRET)
    return DunningStep.objects.create(
        balance=balance,
        suspension=standing,
        kind="suspended",
        on_day=at.date(),
        at=at,
        recipient=f"{SECRET}@example.com",
        notes=SECRET,
    )


def message_of(world: World) -> Message:
    """A failed letter of the sub-reseller to the shop."""
    return Message.objects.create(
        owner=world.sub_reseller,
        customer=world.shop,
        event="test",
        sender_name=SECRET,
        recipient=f"{SECRET}@example.com",
        language="en",
        subject=f"Letter {SECRET}",
        text=SECRET,
        html=SECRET,
        message_id=f"<{SECRET}@example.com>",
        status="failed",
    )


def notice_of(world: World) -> Notice:
    """What the sub-reseller is told of its shop."""
    return Notice.objects.create(
        recipient=world.sub_reseller,
        event="suspended",
        values={"customer.company": f"Shop {SECRET}"},
    )


def defined_by(world: World) -> dict[type[Model], Any]:
    """What the sub-reseller has defined for its customers and tariffs."""
    owner = world.sub_reseller
    made = CustomerClass.objects.create(owner=owner, name=f"Class {SECRET}")
    return {
        CustomerClass: made,
        CustomField: CustomField.objects.create(
            customer_class=made, name=f"Field {SECRET}", kind="text"
        ),
        BusinessModel: BusinessModel.objects.create(
            owner=owner, name=f"Model {SECRET}", kinds=["business"]
        ),
        WhatIf: what_if_of(world, Tariff.objects.get(owner=owner)),
        PaymentTerm: PaymentTerm.objects.create(owner=owner, name=f"Term {SECRET}"),
        InvoiceSettings: InvoiceSettings.objects.create(owner=owner, name=f"Settings {SECRET}"),
        Tax: Tax.objects.create(owner=owner, name=f"Tax {SECRET}"),
        RateProfile: RateProfile.objects.create(
            owner=owner, name=f"Profile {SECRET}", windows=[[1, 0, 60]]
        ),
        DestinationGroup: DestinationGroup.objects.create(
            owner=owner, name=f"Group {SECRET}", patterns=[f"{SECRET}*"]
        ),
    }


def invoices_of(world: World) -> dict[type[Model], Any]:
    """An invoice of the sub-reseller to the shop, as HTML, of its first period; entry, fee."""
    balance = world.balance("shop")
    period = balance.periods.earliest("pk")
    invoice = Invoice.objects.create(
        issuer=world.sub_reseller, customer=world.shop, balance=balance, period=period,
        mode="postpaid", currency_id="GBP", net=10, total=10, open_amount=10,
        terms=terms(format="html"),
    )  # fmt: skip
    invoice.lines.create(position=1, kind="fee", description=SECRET, exact=10, amount=10)
    invoice.state, invoice.number = "issued", f"INV-{SECRET}"
    invoice.issued_at, invoice.issued_on, invoice.due_on = OPENED, OPENED.date(), OPENED.date()
    invoice.save()
    fee = {"name": f"Fee {SECRET}", "price": 1, "starts_on": OPENED.date()}
    return {
        Invoice: invoice,
        BillingPeriod: period,
        Fee: Fee.objects.create(balance=balance, **fee),
        LedgerEntry: balance.entries.earliest("pk"),
    }


def money_of(world: World) -> dict[type[Model], Any]:
    """What was billed to the shop, what it paid online, and how it is dunned."""
    return {
        **invoices_of(world),
        OnlinePayment: online_of(world),
        DunningStep: dunning_of(world),
    }


def vouchers_of(world: World) -> dict[type[Model], Any]:
    """A batch of the sub-reseller, and one of its vouchers."""
    new = NewBatch(name=f"Vouchers {SECRET}", count=1, value=Decimal(5), currency="GBP")
    batch = create_batch(actor=world.actor("sub_reseller"), new=new)
    return {VoucherBatch: batch, Voucher: batch.vouchers.earliest("pk")}


def name_all(world: World) -> None:
    """Put SECRET into the names of all but the customers beside the shop's line."""
    beside = (world.other_reseller, world.sub_customer)
    for customer in (world.reseller, world.sub_reseller, world.shop):
        Customer.objects.filter(pk=customer.pk).update(name=f"{customer.name} {SECRET}")
    Account.objects.filter(pk=world.account.pk).update(auth_name=f"{SECRET}-1", name=SECRET)
    User.objects.exclude(customer__in=beside).update(name=SECRET)
    Tariff.objects.exclude(owner=world.other_reseller).update(name=f"Tariff {SECRET}")
    Rate.objects.filter(tariff__owner=world.sub_reseller).update(destination=SECRET)


def what_if_of(world: World, tariff: Tariff) -> WhatIf:
    """A what-if of the sub-reseller's about its tariff, answered by two rows."""
    made = WhatIf.objects.create(
        owner=world.sub_reseller,
        seller=world.sub_reseller,
        name=f"What if {SECRET}",
        since=OPENED,
        until=OPENED + timedelta(days=90),
        changes=[Change(tariff=tariff.pk).as_json()],
        currency="USD",
        state="done",
        created_by=world.user("sub_reseller"),
    )
    for customer in (world.shop, world.sub_reseller):
        made.rows.create(
            seller_id=world.sub_reseller.pk, customer_id=customer.pk, balance_id=0,
            issuer_balance_id=0, destination_id=0, reason=0, calls=1, duration_ms=1,
            revenue_before=1, revenue_after=2, cost_before=1, cost_after=1,
        )  # fmt: skip
    return made


def token_of(world: World) -> ApiToken:
    """An API token of the shop's administrator."""
    actor = world.actor("shop")
    return create_token(actor=actor, name=f"Token {SECRET}", scopes=["money:read"])[0]


def told_of(world: World) -> dict[type[Model], Any]:
    """A webhook of the sub-reseller and what it was told of the shop, a letter and a notice."""
    letters = {Message: message_of(world), Notice: notice_of(world)}
    webhook = Webhook.objects.create(
        owner=world.sub_reseller,
        name=f"Webhook {SECRET}",
        url=f"https://{SECRET}.example/",
        events=["payment"],
        secret=seal(SECRET),
    )
    told = webhook.deliveries.create(customer=world.shop, event="payment", payload=SECRET)
    return {Webhook: webhook, WebhookDelivery: told, **letters}


def build_samples(world: World) -> dict[type[Model], Any]:
    """A row of each model; names hold SECRET, but those of the customers beside the shop's line."""
    name_all(world)
    trunk = trunk_of(world)
    tariff = Tariff.objects.get(owner=world.sub_reseller)
    switch = Switch.objects.create(name=f"Switch {SECRET}", token_hash="0" * 64)
    call = call_of(world, switch)
    return {
        Customer: world.shop,
        User: world.user("shop"),
        UserSession: UserSession.objects.create(user=world.user("shop"), session_key="x"),
        ApiToken: token_of(world),
        Account: Account.objects.get(pk=world.account.pk),
        CardBatch: cards_of(world),
        **vouchers_of(world),
        Trunk: trunk,
        Host: trunk.hosts.earliest("pk"),
        Tariff: tariff,
        Rate: tariff.rates.earliest("pk"),
        RecordImport: record_import_of(world),
        RateImport: RateImport.objects.create(tariff=tariff, file="x.csv", file_name=SECRET),
        Balance: world.balance("shop"),
        **money_of(world),
        CustomerTemplate: CustomerTemplate.objects.create(
            owner=world.sub_reseller, name=f"Template {SECRET}", answers={}
        ),
        AuditEvent: AuditEvent.objects.filter(customer=world.shop).earliest("pk"),
        Switch: switch,
        **calls_of(world, call),
        CdrImport: CdrImport.objects.create(
            switch=switch, format="generic_csv", file="x.csv", file_name=SECRET
        ),
        ExchangeRate: ExchangeRate.objects.earliest("pk"),
        Currency: Currency.objects.get(code="EUR"),
        **told_of(world),
        **defined_by(world),
    }
