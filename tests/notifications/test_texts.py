"""The template language of messages: what it reaches, what it refuses, and what it makes of it."""

from typing import Any

import pytest

from notifications.catalogue import CATALOGUE
from notifications.catalogue.kinds import money
from notifications.choices import LINK_MARK, Event
from notifications.services.rendering import neutral_words
from notifications.services.texts import (
    MOST_CHARACTERS,
    as_html,
    check_text,
    filled,
    plain,
    unused_fields,
)
from notifications.values import Link, Table
from softswitch.core.errors import DomainError

KIND = CATALOGUE[Event.USAGE_SUMMARY]
FIELDS = {one.name: one.sample for one in KIND.all_fields}
HOSTILE = "<script>x</script>\r\nBcc: a@x.example\ue001javascript:x\ue005"


def refusal(text: str, event: Event = Event.USAGE_SUMMARY) -> str:
    """Why a text is refused, as its writer reads it."""
    with pytest.raises(DomainError) as refused:
        check_text(kind=CATALOGUE[event], text=text, field="body")
    assert (refused.value.code, refused.value.field) == ("invalid", "body")
    return str(refused.value.message)


def shown(text: str, **values: Any) -> tuple[str, str]:
    """A text that is no one's to refuse, as plain text and as HTML."""
    check_text(kind=KIND, text=text, field="body")
    marked = filled(text, FIELDS | {"customer.name": "baltic"} | values)
    return plain(marked), as_html(marked)


@pytest.mark.parametrize("event", Event.values)
def test_the_neutral_words_of_every_event_are_templates_of_it(event: str) -> None:
    kind = CATALOGUE[Event(event)]
    for text in neutral_words(kind.event):
        check_text(kind=kind, text=text, field="body")
    for known in ({one.name: one.sample for one in kind.all_fields}, {}):
        values = {one.name: known.get(one.name) for one in kind.all_fields}
        for text in neutral_words(kind.event):
            assert "\ue000" not in plain(filled(text, values))
            assert "\n\n\n" not in plain(filled(text, values))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("one\ntwo {{ nope }}", "Line 2: “nope” is no field of this message."),
        ("{{ now }}", "Line 1: “now” is no field of this message."),
        ("{{ customer }}", "Line 1: “customer” is no field of this message."),
        ("{{ invoice.number }}", "Line 1: “invoice.number” is no field of this message."),
        ("{{ customer.name.size }}", "Line 1: “customer.name.size” is no field of this message."),
        ("{{ today.__class__ }}", "Line 1: “today.__class__” is no field of this message."),
        ('{{ customer["name"] }}', 'Line 1: “customer["name"]” is not understood.'),
        ("\n\n{{ (1..3) }}", "Line 3: “(1..3)” is not understood."),
        ("{{ today | append: today }}", "Line 1: there is no filter “append”."),
        ("{{ today | default: nope }}", "Line 1: “nope” is no field of this message."),
        ("{% if today and nope %}x{% endif %}", "Line 1: “nope” is no field of this message."),
        ("{% for a in b %}{% endfor %}", "Line 1: there is no tag “for”."),
        ("{% assign a = 1 %}", "Line 1: there is no tag “assign”."),
        ("{% include 'mail/letter.html' %}", "Line 1: there is no tag “include”."),
        ("{%- render 'x' -%}", "Line 1: there is no tag “render”."),
        ("{% raw %}{{ nope }}{% endraw %}", "Line 1: there is no tag “raw”."),
        ("{% liquid echo today %}", "Line 1: there is no tag “liquid”."),
        ("{% comment %}x{% endcomment %}", "Line 1: there is no tag “comment”."),
        ("{% %}", "Line 1: there is no tag “”."),
        ("x\n{{ today", "Line 2: “{{” is not closed."),
        ("{% if today }}", "Line 1: “{%” is not closed."),
        ("{{ today | upcase: 1 }}", "Line 1: a filter has values that it does not take."),
        ("\n{% if today %}\nx", "Line 2: “if” is not ended: “endif” is missing."),
        ("x\n{% endif %}", "Line 2: no condition begins before “endif”."),
        ("{% else %}", "Line 1: no condition begins before “else”."),
        ("{% if today %}\n{% endunless %}", "Line 2: “endunless” does not end “if”."),
        ("\n{% if today %}{% endif now %}", "Line 2: “now” does not belong there."),
        ("\n{{ today today }}\n", "Line 2: “today” does not belong there."),
        ("{{ today | default: 1 2 }}", "Line 1: “2” does not belong there."),
        ("{% if not today %}x{% endif %}", "Line 1: “not” does not belong there."),
        ("{{ today if today else 3 }}", "Line 1: “if” does not belong there."),
        ("{{ today }}\n{{ today | }}\n\nx", "Line 2: something is missing in “{{ today | }}”."),
        ("x\n{{ }}\nx", "Line 2: something is missing in “{{ }}”."),
        ("x\n{% if %}x{% endif %}\n", "Line 2: something is missing in “{% if %}”."),
        (
            "{% if today %}\n{% elsif today == %}\n{% endif %}",
            "Line 2: something is missing in “{% elsif today == %}”.",
        ),
        (
            "{% if today %}" * 9 + "{% endif %}" * 9,
            "Line 1: too many conditions stand within each other.",
        ),
        ("https://x.example/ https://x.example/\n{{ nope }}\n", "Line 2: “nope”"),
        ("https://x.example/ https://x.example/ {{ nope }}\n\n", "Line 1: “nope”"),
        (
            "{% if report.calls > 'a' %}x{% endif %}",
            "Line 1: the condition compares what cannot be compared.",
        ),
    ],
)
def test_what_is_no_template_is_refused_with_line_and_reason(text: str, reason: str) -> None:
    assert reason in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 5_000,
        "{%" * 5_000,
        '{{ "' * 2_500,
        "{% if today %}" * 700,
        "{% if today %}" * 9 + "{% endif %}" * 9,
        "{% if " + "today and " * 900 + "today %}x{% endif %}",
        "{% if " + "not " * 2_000 + "today %}x{% endif %}",
        "{{ today" + " | upcase" * 1_000 + " }}",
        "{{ today" + "[today" * 700 + "]" * 700 + " }}",
        "{% if (1..99999999999) contains 1.5 %}x{% endif %}",
        "{{ (1..99999999999) | upcase }}",
        "{{ " + "9" * 9_000 + " }}",
        "x" * (MOST_CHARACTERS + 1),
    ],
)
def test_texts_that_would_keep_a_worker_busy_are_refused_before_they_run(text: str) -> None:
    refusal(text)


def test_what_one_text_makes_is_limited() -> None:
    text = "{{ customer.name }}" * 500
    check_text(kind=KIND, text=text, field="body")
    with pytest.raises(DomainError, match="too long"):
        filled(text, FIELDS | {"customer.name": "x" * 10_000})


@pytest.mark.parametrize("text", ["a\ue001b", "\ue005", "a\0", f"x {LINK_MARK}"])
def test_a_text_has_none_of_the_marks_that_values_travel_between(text: str) -> None:
    refusal(text)


def test_what_others_have_written_stays_text_on_one_line() -> None:
    text, html = shown("To {{ customer.name }}:", **{"customer.name": HOSTILE})
    assert text == "To <script>x</script> Bcc: a@x.examplejavascript:x:"
    assert html == ("<p>To &lt;script&gt;x&lt;/script&gt; Bcc: a@x.examplejavascript:x:</p>")


def test_what_others_have_written_is_no_template() -> None:
    text, _html = shown("{{ customer.name }}", **{"customer.name": "{{ today }} {% if x %}"})
    assert text == "{{ today }} {% if x %}"


@pytest.mark.parametrize(
    "name", [LINK_MARK, f"%%{LINK_MARK}%%", "%%SET-\ue001PASSWORD-LINK%%", f"%%SET-{LINK_MARK}"]
)
def test_no_name_passes_for_the_secret_link(name: str) -> None:
    text, html = shown("{{ customer.name }}", **{"customer.name": name})
    assert LINK_MARK not in text + html


def test_the_owners_own_markup_is_text_too() -> None:
    text, html = shown("<b onclick='x'>Hello</b> & \"you\"")
    assert text == "<b onclick='x'>Hello</b> & \"you\""
    assert html == ("<p>&lt;b onclick=&#x27;x&#x27;&gt;Hello&lt;/b&gt; &amp; &quot;you&quot;</p>")


def test_paragraphs_lines_and_money() -> None:
    text, html = shown("Dear {{ customer.name }},\nit cost {{ report.cost }}.\n \n\n\nBye")
    assert text == "Dear baltic,\nit cost 412.08 EUR.\n\nBye"
    assert html == ("<p>Dear baltic,<br>it cost <strong>412.08 EUR</strong>.</p>\n<p>Bye</p>")


def test_lines_of_label_and_value_are_columns() -> None:
    text, html = shown("Calls  {{ report.calls }}\nCost of all   {{ report.cost }}")
    assert text == "Calls        4,812\nCost of all  412.08 EUR"
    assert html == (
        '<table class="sums"><tr><th>Calls</th><td>4,812</td></tr>'
        "<tr><th>Cost of all</th><td><strong>412.08 EUR</strong></td></tr></table>"
    )


def test_one_long_run_of_spaces_is_no_work() -> None:
    line = "a" + " " * (MOST_CHARACTERS - 3)
    assert shown(f"{line}\nb")[0] == f"{line}\nb"


def test_a_table_keeps_its_columns() -> None:
    table = Table(("Change", "Rates"), (("Increase", 1180), ("<New>", 4), ("a\nb\ue004c", None)))
    text, html = shown("Before\n\n{{ summary }}\n\nAfter {{ summary }}", summary=table)
    assert text.split("\n\n")[1] == ("Change    Rates\nIncrease  1,180\n<New>         4\na bc")
    assert "<thead><tr><th>Change</th><th>Rates</th></tr></thead>" in html
    assert "<tr><td>&lt;New&gt;</td><td>4</td></tr>" in html
    assert "<p>After Change Rates Increase 1,180 &lt;New&gt; 4 a bc </p>" in html


def test_words_before_a_link_alone_on_a_line_are_a_button() -> None:
    link = Link('https://x.example/?a=1&b="2"')
    text, html = shown("See <all>: {{ portal_link }}", portal_link=link)
    assert text == 'See <all>: https://x.example/?a=1&b="2"'
    assert html == (
        '<p><a class="button" href="https://x.example/?a=1&amp;b=&quot;2&quot;">'
        "See &lt;all&gt;</a></p>"
    )


def test_addresses_in_the_text_are_links() -> None:
    text, html = shown("See https://x.example/a?b=1&c=2, or {{ portal_link }}.")
    assert text == "See https://x.example/a?b=1&c=2, or https://portal.example/."
    assert (
        'See <a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>,' in html
    )
    assert '<a href="https://portal.example/">https://portal.example/</a>.' in html
    assert shown("Pay: http://x.example/")[1] == (
        '<p><a class="button" href="http://x.example/">Pay</a></p>'
    )


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "//x.example/"])
def test_only_addresses_of_the_web_are_links(text: str) -> None:
    assert "<a" not in shown(f"Pay: {text}")[1]


def test_a_name_is_no_link() -> None:
    assert "<a" not in shown("{{ customer.name }}", **{"customer.name": "https://x.example/"})[1]


def test_an_address_that_goes_on_with_a_field_is_text() -> None:
    text, html = shown("https://x.example/{{ customer.name }}")
    assert text == "https://x.example/baltic"
    assert "<a" not in html


def test_conditions_and_filters() -> None:
    text = (
        "{% if report.calls > 1000 %}many{% elsif report.calls %}some{% else %}none{% endif %}"
        " {% unless customer.name == 'x' %}not x{% endunless %}"
        " {{ customer.name | upcase }} {{ contact.name | default: 'nobody' | downcase }}"
    )
    assert shown(text)[0] == "many not x BALTIC liis tamm"
    gone = {"report.calls": None, "contact.name": " ", "customer.name": "x"}
    assert shown(text, **gone)[0] == "none  X nobody"


@pytest.mark.parametrize("event", Event.values)
def test_every_field_can_be_used(event: str) -> None:
    """Some names are words of the engine, which it takes for no field."""
    kind = CATALOGUE[Event(event)]
    for one in kind.all_fields:
        text = f"{{{{ {one.name} }}}} {{% if {one.name} %}}x{{% endif %}}"
        check_text(kind=kind, text=text, field="body")


def test_a_field_that_the_message_has_not_is_refused() -> None:
    with pytest.raises(DomainError, match="“balance” is no field"):
        filled("{{ balance }}", {"available": money("1")})


def test_fields_that_no_text_uses() -> None:
    texts = ("{{ balance }}", "{% if reserved %}{{ today | default: available }}{% endif %}")
    among = ("balance", "reserved", "available", "credit_limit", "alert.below")
    assert unused_fields(texts=texts, among=among) == ["alert.below", "credit_limit"]
