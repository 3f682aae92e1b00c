"""The pages of re-rating: form, preview, buttons, who may open them, and what the drawer tells."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import BillingPeriod
from billing.selectors.statements import statement
from calls.choices import ReRatingState
from calls.models import Call, ReRating
from calls.services.charging import charge_pending
from calls.services.re_rating.running import run_re_rating
from tariffs.models import Rate, Tariff
from tests.calls.re_rated import DAY, dearer, paid, preview, re_rate
from tests.calls.stored import START, store_call
from tests.world import World

LIST = reverse("calls:re_rating_list")
CREATE = reverse("calls:re_rating_create")
MINUTE = "%Y-%m-%dT%H:%M"


@pytest.fixture
def called(world: World) -> Call:
    """A charged minute of the shop, before its owner's price was put right from 0.045 to 3."""
    call = store_call(world.shop, "442071234567", 60, account=world.account)
    charge_pending()
    rates = Rate.objects.filter(tariff__name="Street", prefix="4420")
    rates.update(price_1=3, price_n=3)
    Tariff.objects.update(rates_revision=99)
    return call


def asked(**values: str) -> dict[str, str]:
    window = {"since": (START - DAY).strftime(MINUTE), "till": (START + DAY).strftime(MINUTE)}
    return window | {"reason": "Wrong price"} | values


def address(name: str, job: ReRating) -> str:
    return reverse(f"calls:re_rating_{name}", args=[job.pk])


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_from_the_menu_to_the_new_charge_and_back(
    client: Client, world: World, called: Call
) -> None:
    client.force_login(world.user("sub_reseller"))
    assert CREATE in page(client, LIST)
    assert LIST in page(client, reverse("tariffs:tariff_list"))
    answer = client.post(CREATE, asked())
    job = ReRating.objects.get()
    url = address("detail", job)
    assert (answer.status_code, answer["Location"]) == (302, url)
    assert "Comparing" in page(client, url)
    assert "HX-Refresh" not in client.get(address("progress", job)).headers
    run_re_rating(re_rating_id=job.pk)
    assert client.get(address("progress", job)).headers["HX-Refresh"] == "true"
    shown = page(client, url)
    for text in ("Re-rate 1 call", "Discard", "Wrong price", "0.045", "2.955", "Shop"):
        assert text in shown
    assert "posts_to_open" not in shown
    assert client.post(address("apply", job)).status_code == 302
    assert "Posting the differences" in page(client, url)
    run_re_rating(re_rating_id=job.pk)
    assert paid(called)[1] == 3
    assert "Undo the re-rating" in page(client, url)
    client.post(address("undo", job))
    assert "Taking the re-rating back" in page(client, url)
    run_re_rating(re_rating_id=job.pk)
    assert paid(called)[1] == Decimal("0.045")
    assert "every call costs what it did before" in page(client, url)
    assert "Undone" in page(client, LIST)


def test_closed_periods_are_asked_for(client: Client, world: World, called: Call) -> None:
    BillingPeriod.objects.filter(ends_at__lt=START + 60 * DAY).update(closed_at=START + 60 * DAY)
    client.force_login(world.user("sub_reseller"))
    job = preview(world.actor("sub_reseller"))
    assert "belongs to a closed period" in page(client, address("detail", job))
    answer = client.post(address("apply", job), follow=True)
    assert "Some of these calls belong to closed periods" in answer.content.decode()
    assert ReRating.objects.get().state == ReRatingState.PREVIEWED
    client.post(address("apply", job), {"posts_to_open": "on"})
    assert ReRating.objects.get().state == ReRatingState.APPLYING


def test_the_buttons_discard_and_preview_again(client: Client, world: World, called: Call) -> None:
    client.force_login(world.user("sub_reseller"))
    job = preview(world.actor("sub_reseller"))
    assert address("preview", job) in page(client, address("detail", job))
    client.post(address("preview", job))
    assert ReRating.objects.get().state == ReRatingState.WAITING
    run_re_rating(re_rating_id=job.pk)
    client.post(address("discard", job))
    shown = page(client, address("detail", job))
    assert "Discarded" in shown
    assert address("apply", job) not in shown


def test_what_cannot_be_rated_is_listed(client: Client, world: World, called: Call) -> None:
    Rate.objects.filter(tariff__name="Street", prefix="4420").update(is_forbidden=True)
    Tariff.objects.update(rates_revision=100)
    client.force_login(world.user("sub_reseller"))
    job = preview(world.actor("sub_reseller"))
    assert address("problems", job) in page(client, address("detail", job))
    shown = page(client, address("problems", job))
    assert "Forbidden" in shown
    assert reverse("calls:call_detail", args=[called.id]) in shown
    lines = client.get(address("problems", job) + "?export=csv")
    assert "Forbidden" in b"".join(lines).decode()


def test_those_above_look_on(client: Client, world: World, called: Call) -> None:
    job = preview(world.actor("sub_reseller"))
    client.force_login(world.user("reseller"))
    shown = page(client, address("detail", job))
    assert "Sub reseller admin" in shown
    assert address("apply", job) not in shown
    for name in ("apply", "undo", "discard", "preview"):
        assert client.post(address(name, job)).status_code == 403


def test_somebody_above_who_acted_here_has_no_name(
    client: Client, world: World, called: Call
) -> None:
    job = re_rate(world.actor("sub_reseller"))
    ReRating.objects.update(created_by=world.user("operator"))
    client.force_login(world.user("sub_reseller"))
    urls = (LIST, address("detail", job), reverse("calls:call_detail", args=[called.id]))
    for url in urls:
        shown = page(client, url)
        assert "Your provider" in shown
        assert world.user("operator").login not in shown
    exported = b"".join(client.get(LIST + "?export=csv")).decode()
    assert "Your provider" in exported
    assert world.user("operator").login not in exported


@pytest.mark.parametrize(
    ("who", "status"), [("other_reseller", 404), ("shop", 403), ("sub_customer", 403)]
)
def test_others_do_not(client: Client, world: World, called: Call, who: str, status: int) -> None:
    job = preview(world.actor("sub_reseller"))
    client.force_login(world.user(who))
    for name in ("detail", "progress", "problems"):
        assert client.get(address(name, job)).status_code == status
    for name in ("apply", "undo", "discard", "preview"):
        assert client.post(address(name, job)).status_code == status
    assert client.get(LIST).status_code == (403 if status == 403 else 200)


def test_a_role_without_both_rights_is_refused(client: Client, world: World) -> None:
    user = world.user("sub_reseller")
    client.force_login(user)
    for role in ("billing", "noc", "reporter", "read_only"):
        user.role = role
        user.save()
        assert client.get(LIST).status_code == 403
        assert LIST not in client.get(reverse("dashboard")).content.decode()


def test_an_account_is_refused(client: Client, world: World) -> None:
    client.force_login(world.account.users.get())
    assert client.get(LIST).status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reason", " "),
        ("till", "2020-01-01T00:00"),
        ("terms_at", "2190-01-01T00:00"),
        ("customer", "Other reseller"),
        ("account", "nobody"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: Client, world: World, field: str, value: str
) -> None:
    client.force_login(world.user("sub_reseller"))
    answer = client.post(CREATE, asked(**{field: value}))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not ReRating.objects.exists()


def test_only_own_tariffs_are_offered(client: Client, world: World) -> None:
    client.force_login(world.user("reseller"))
    shown = page(client, CREATE)
    assert "Retail" in shown
    assert "Street" not in shown
    assert "Wholesale" not in shown


def test_the_drawer_tells_what_a_level_paid_before(
    client: Client, world: World, called: Call
) -> None:
    job = re_rate(world.actor("sub_reseller"))
    url = reverse("calls:call_detail", args=[called.id])
    client.force_login(world.user("sub_reseller"))
    shown = page(client, url)
    assert f"0.0450 GBP, re-rating {job} (Wrong price, Sub reseller admin)" in shown
    assert "3.0000" in shown
    client.force_login(world.user("shop"))
    shown = page(client, url)
    assert "0.0450 GBP" in shown
    assert "Wrong price" not in shown
    assert "re-rating" not in shown


def test_lists_show_the_charge_that_stands_once(client: Client, world: World, called: Call) -> None:
    re_rate(world.actor("sub_reseller"))
    for who in ("shop", "sub_reseller"):
        client.force_login(world.user(who))
        query = f"?since={START:%Y-%m-%d}T00:00&result=charged"
        answer = client.get(reverse("calls:call_list") + query)
        assert answer.context["page"].paginator.count == 1
        assert "3.0000" in answer.content.decode()
        assert "0.0450" not in answer.content.decode()


def test_a_call_re_rated_to_nothing_is_not_charged(
    client: Client, world: World, called: Call
) -> None:
    Rate.objects.filter(tariff__name="Street", prefix="4420").update(price_1=0, price_n=0)
    Tariff.objects.update(rates_revision=101)
    re_rate(world.actor("sub_reseller"))
    client.force_login(world.user("shop"))
    query = f"?since={START:%Y-%m-%d}T00:00&result="
    for result, count in (("charged", 0), ("free", 1)):
        answer = client.get(reverse("calls:call_list") + query + result)
        assert answer.context["page"].paginator.count == count


def test_the_statement_leads_from_what_it_changed_to_the_re_rating(
    client: Client, world: World, called: Call
) -> None:
    """A line of its own on the day of the calls, of each re-rating; who pays sees no way there."""
    actor = world.actor("sub_reseller")
    jobs = [re_rate(actor, tariff=dearer(world)), re_rate(actor)]
    balance = world.balance("shop")
    days = START.date(), (START + DAY).date()
    own = statement(actor=actor, balance=balance, since=days[0], until=days[1]).lines
    changed = [line for line in own if line.corrections]
    assert [(line.calls, line.day) for line in changed] == [(0, START.date())]
    assert [line.calls for line in own if line.day and not line.corrections] == [1]
    asked = f"?since={START:%Y-%m-%d}&until={START:%Y-%m-%d}"
    url = reverse("billing:ledger", args=[world.shop.pk]) + asked
    client.force_login(world.user("sub_reseller"))
    shown = page(client, url)
    assert "Calls re-rated" in shown
    for job in jobs:
        assert address("detail", job) in shown
    exported = client.get(url + "&export=csv").getvalue().decode()
    assert ", ".join(f"Re-rating #{job.pk}" for job in jobs) in exported
    client.force_login(world.user("shop"))
    shown = page(client, reverse("billing:own_ledger") + asked)
    assert "Calls re-rated" in shown
    assert "Re-rating #" not in shown
