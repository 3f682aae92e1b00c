"""Own words for a set-password link: the letter brings it unchanged, whoever gets it."""

import pytest

from notifications.choices import LINK_MARK, Event
from notifications.models import MessageTemplate
from notifications.services.letters import send_set_password
from softswitch.core.errors import DomainError
from tests.notifications.test_templates import save
from tests.world import World


@pytest.mark.parametrize("event", [Event.SET_PASSWORD, Event.WELCOME])
def test_a_letter_for_a_link_has_to_bring_it(world: World, event: Event) -> None:
    with pytest.raises(DomainError) as refused:
        save(world, event=event, words=("Hello", "Your login"))
    assert refused.value.field == "body"
    assert save(world, event=event, words=("Hello", "{{ set_password_link }}")).pk


@pytest.mark.parametrize(
    "body",
    [
        "{{ set_password_link | downcase }}",
        "{% if set_password_link %}Welcome{% endif %}",
        "{% unless set_password_link %}{{ set_password_link }}{% endunless %}",
        "{% if user.name %}{{ set_password_link }}{% endif %}",
        "{% unless user.name %}{{ set_password_link }}{% endunless %}",
    ],
)
def test_a_link_that_may_be_missing_or_changed_is_refused(world: World, body: str) -> None:
    with pytest.raises(DomainError) as refused:
        save(world, event=Event.WELCOME, words=("Hello", body))
    assert refused.value.field == "body"
    assert not MessageTemplate.objects.exists()


def test_a_link_in_a_condition_and_as_a_default_is_a_link(world: World) -> None:
    body = (
        "{% if user.name %}{{ set_password_link }}{% else %}Go: {{ set_password_link }}{% endif %}"
    )
    assert save(world, event=Event.WELCOME, words=("Hello", body)).pk
    assert save(world, event=Event.WELCOME, words=("Hi", "{{ set_password_link | upcase }}")).pk


@pytest.mark.parametrize("event", [Event.SET_PASSWORD, Event.WELCOME])
def test_a_subject_holds_no_link(world: World, event: Event) -> None:
    words = ("Go to {{ set_password_link }}", "{{ set_password_link }}")
    with pytest.raises(DomainError) as refused:
        save(world, event=event, words=words)
    assert refused.value.field == "subject"


def test_own_words_bring_the_link_too(addressed: World) -> None:
    words = ("Hello", "Go: {{ set_password_link }}")
    save(addressed, event=Event.SET_PASSWORD, words=words)
    actor = addressed.actor("sub_reseller")
    message = send_set_password(actor=actor, user=addressed.user("shop"))
    assert message.text == f"Go: {LINK_MARK}\n"
    assert f'href="{LINK_MARK}"' in message.html
