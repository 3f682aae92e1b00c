"""Drafts that cannot be issued by themselves are told to their issuer, once a reason."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from billing.models import BillingPeriod, Invoice
from billing.services import closing, issuing
from billing.services.closing import close_due
from billing.services.issuing import issue_due
from customers.models import Customer
from notifications.models import Message, Notice
from softswitch.core.errors import DomainError
from tests.billing.invoices import MARCH, draft_of, post
from tests.notifications.conftest import with_addresses
from tests.security.portal import signed_in, text_of
from tests.world import World

REFUSALS = (
    DomainError("stale", "The period has changed: compute the draft anew."),
    DomainError("earlier_draft", "The draft of 1 Feb comes first."),
)


@pytest.fixture
def draft(world: World) -> Invoice:
    """A draft of the shop that is due to be issued by itself."""
    with_addresses(world)
    Customer.objects.filter(pk=world.sub_reseller.pk).update(billing_email="money@sub.example")
    post(world.balance("shop"), "debit", "-1")
    return draft_of(world.balance("shop"), issue_after=MARCH)


def refuse(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_locked: Invoice) -> None:
        raise error

    monkeypatch.setattr(issuing, "check_turn", fail)


def test_who_bills_is_told_once_a_reason_with_the_draft(
    world: World, draft: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (*REFUSALS, REFUSALS[0]):
        refuse(monkeypatch, error)
        for _beat in range(3):
            assert issue_due(moment=MARCH) == 0
    first, second = Message.objects.order_by("pk")
    assert (first.owner, first.customer) == (world.sub_reseller, world.sub_reseller)
    assert first.recipient == "money@sub.example"
    assert first.subject == "The invoice of Shop until 31 Mar 2026 could not be issued"
    page = reverse("billing:invoice_detail", args=[draft.pk])
    assert page in first.text
    assert "compute the draft anew" in first.text
    assert "comes first" in second.text
    assert {notice.recipient for notice in Notice.objects.all()} == {world.sub_reseller}
    assert set(Notice.objects.values_list("path", flat=True)) == {page}
    monkeypatch.undo()
    assert issue_due(moment=MARCH) == 1
    assert (
        not Message.objects.filter(event="closing_failed")
        .exclude(pk__in=[first.pk, second.pk])
        .exists()
    )
    bell = signed_in(world.user("sub_reseller")).get(reverse("notifications:notice_list"))
    assert "The invoice of Shop until 31 Mar 2026 could not be issued" in text_of(bell)


def test_what_lasts_is_not_told_again_once_its_notice_is_gone(
    draft: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason on the draft keeps it, not the key of what was told."""
    refuse(monkeypatch, REFUSALS[0])
    issue_due(moment=MARCH)
    Notice.objects.all().delete()
    Message.objects.all().delete()
    issue_due(moment=MARCH + timedelta(days=500))
    assert not Notice.objects.exists()
    assert not Message.objects.exists()


def test_bad_data_is_told_without_what_it_says(
    draft: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, ValueError("a row of others"))
    issue_due(moment=MARCH)
    letter = Message.objects.get()
    assert "ValueError" in letter.text
    assert "a row of others" not in letter.text


def test_one_that_only_a_person_issues_is_nothing_to_tell(
    draft: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    Invoice.objects.update(issue_after=None)
    refuse(monkeypatch, REFUSALS[0])
    issue_due(moment=MARCH)
    assert not Message.objects.exists()


def test_a_period_is_not_told_again_either(
    world: World, draft: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_periods: list[BillingPeriod], **_moment: datetime) -> None:
        raise ValueError("a row of others")

    monkeypatch.setattr(closing, "draft_periods", fail)
    moment = MARCH + timedelta(days=60)
    close_due(moment=moment, issuer_id=world.sub_reseller.pk)
    assert Message.objects.count() == 1
    assert set(BillingPeriod.objects.values_list("told_cause", flat=True)) == {"", "ValueError"}
    Notice.objects.all().delete()
    Message.objects.all().delete()
    close_due(moment=moment, issuer_id=world.sub_reseller.pk)
    assert not Message.objects.exists()
    assert not Notice.objects.exists()
