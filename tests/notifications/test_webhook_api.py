"""Webhooks by the API."""

from notifications.models import Webhook, WebhookDelivery
from softswitch.core.sealing import unseal
from tests.api import Api
from tests.notifications.hooks import hook_of, paid, told
from tests.plugins.hooks import Receiver
from tests.world import World


def body(receiver: Receiver) -> dict[str, object]:
    return {"name": "Ledger", "url": receiver.url(), "events": ["payment"]}


def test_a_webhook_is_added_and_its_secret_given_once(world: World, receiver: Receiver) -> None:
    ask = Api(world, "sub_reseller")
    status, made = ask("POST", "/webhooks", body(receiver), key="once")
    assert status == 201
    webhook = Webhook.objects.get()
    assert made["secret"] == unseal(webhook.secret)
    status, found = ask("GET", f"/webhooks/{webhook.pk}")
    assert status == 200
    assert "secret" not in found
    assert (found["name"], found["events"], found["is_active"]) == ("Ledger", ["payment"], True)
    assert ask("GET", "/webhooks")[1]["items"] == [found]


def test_a_secret_is_not_kept_for_repeats(world: World, receiver: Receiver) -> None:
    """An answer that is remembered stands in the database, in clear."""
    ask = Api(world, "sub_reseller")
    first = ask("POST", "/webhooks", body(receiver), key="once")[1]
    second = ask("POST", "/webhooks", body(receiver), key="once")[1]
    assert first["secret"] != second["secret"]


def test_what_is_refused_says_where(world: World, receiver: Receiver) -> None:
    ask = Api(world, "sub_reseller")
    status, error = ask("POST", "/webhooks", body(receiver) | {"url": "http://10.0.0.1/"})
    assert (status, error["code"], error["field"]) == (422, "unreachable", "url")
    status, error = ask("POST", "/webhooks", body(receiver) | {"events": ["welcome"]})
    assert (status, error["code"], error["field"]) == (422, "events", "events")


def test_a_webhook_is_archived_and_its_log_stays(world: World, receiver: Receiver) -> None:
    ask = Api(world, "sub_reseller")
    webhook, delivery, _secret = told(world, receiver)
    assert ask("POST", f"/webhooks/{webhook.pk}/archive")[0] == 204
    assert ask("GET", f"/webhooks/{webhook.pk}")[0] == 404
    status, log = ask("GET", f"/webhooks/{webhook.pk}/deliveries")
    assert status == 200
    assert [row["event_id"] for row in log["items"]] == [str(delivery.event_id)]
    assert log["items"][0]["payload"] == delivery.payload


def test_the_log_is_narrowed_and_an_event_sent_again(world: World, receiver: Receiver) -> None:
    ask = Api(world, "sub_reseller")
    webhook, failed, _secret = told(world, receiver)
    paid(world)
    WebhookDelivery.objects.filter(pk=failed.pk).update(status="failed")
    path = f"/webhooks/{webhook.pk}/deliveries?status=failed"
    assert [row["id"] for row in ask("GET", path)[1]["items"]] == [failed.pk]
    assert ask("POST", f"/deliveries/{failed.pk}/resend")[0] == 204
    assert ask("GET", path)[1]["items"] == []


def test_a_token_of_another_customer_finds_nothing(world: World, receiver: Receiver) -> None:
    webhook, delivery, _secret = told(world, receiver)
    for who in ("reseller", "operator", "shop"):
        ask = Api(world, who)
        assert ask("GET", "/webhooks")[1]["items"] == []
        assert ask("GET", f"/webhooks/{webhook.pk}")[0] == 404
        assert ask("GET", f"/webhooks/{webhook.pk}/deliveries")[0] == 404
        assert ask("POST", f"/webhooks/{webhook.pk}/archive")[0] == 404
        assert ask("POST", f"/deliveries/{delivery.pk}/resend")[0] == 404


def test_a_token_without_the_scope_does_nothing(world: World, receiver: Receiver) -> None:
    webhook, _secret = hook_of(world, receiver)
    ask = Api(world, "sub_reseller", "customers:read", "money:write")
    assert ask("GET", "/webhooks")[0] == 403
    assert ask("POST", "/webhooks", body(receiver))[0] == 403
    assert ask("POST", f"/webhooks/{webhook.pk}/archive")[0] == 403


def test_a_token_is_told_what_its_scopes_let_through_alone(
    world: World, receiver: Receiver
) -> None:
    webhook, delivery, _secret = told(world, receiver)
    ask = Api(world, "sub_reseller", "customers:write")
    status, error = ask("POST", "/webhooks", body(receiver))
    assert (status, error["code"]) == (403, "forbidden")
    assert "balance.view" in error["detail"]
    log = f"/webhooks/{webhook.pk}/deliveries"
    assert ask("GET", log)[1]["items"] == []
    assert ask("POST", f"/deliveries/{delivery.pk}/resend")[0] == 404
    ask = Api(world, "sub_reseller", "customers:write", "money:read")
    assert ask("POST", "/webhooks", body(receiver))[0] == 201
    assert [row["id"] for row in ask("GET", log)[1]["items"]] == [delivery.pk]
    calls = body(receiver) | {"events": ["daily_cdrs", "usage_summary"]}
    assert ask("POST", "/webhooks", calls)[0] == 403
    ask = Api(world, "sub_reseller", "customers:write", "calls:read")
    assert ask("POST", "/webhooks", calls)[0] == 201
