"""Whatever an owner writes and whatever customers are called: a refusal, or a clean letter."""

from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notifications.catalogue import CATALOGUE
from notifications.choices import LINK_MARK, Event
from notifications.services.texts import as_html, check_text, filled, plain
from notifications.values import Link, Table
from softswitch.core.errors import DomainError

KIND = CATALOGUE[Event.USAGE_SUMMARY]
NAMES = tuple(one.name for one in KIND.all_fields)
PIECES = (
    *"{}%|()[]'\"-:;,.<>&=!#~\\/ \n\r\t\0",
    *("{{", "}}", "{%", "%}", "{{ ", " }}", "{% ", " %}", "  ", "\n\n", "..", "\ue001", "\ue005"),
    *("if ", "elsif ", "else", "endif", "unless ", "endunless", "for a in ", "raw", "liquid "),
    *(" | upcase", " | default: ", " and ", " or ", " contains ", "not ", "empty", "nil", "99"),
    *("{% if today %}", "{% else %}", "{% endif %}", "{{ customer.name }}", "{{ summary }}"),
    *("<b onclick='x'>", "https://x.example/", "javascript:x", "Pay: ", "now", "x", LINK_MARK),
)
MARKUP = {"p", "br", "strong", "a", "table", "thead", "tbody", "tr", "th", "td"}
texts = st.lists(st.sampled_from(PIECES + NAMES), max_size=30).map("".join)
names = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


class Reader(HTMLParser):
    """Keeps what is no markup of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[Any]) -> None:
        if tag not in MARKUP:
            self.foreign.append(tag)
        for name, value in attrs:
            is_link = (tag, name) == ("a", "href") and value.startswith(("https://", "http://"))
            if not is_link and (name, value) not in {
                ("class", "button"),
                ("class", "sums"),
                ("class", "rows"),
            }:
                self.foreign.append((tag, name, value))

    def handle_comment(self, data: str) -> None:
        self.foreign.append(data)


@given(texts, names)
def test_a_text_is_refused_or_gives_a_clean_letter(text: str, name: str) -> None:
    try:
        check_text(kind=KIND, text=text, field="body")
    except DomainError:
        return
    values = {one.name: one.sample for one in KIND.all_fields}
    for changes in (
        {},
        {"customer.name": name, "contact.name": name, "recipient": name},
        {"summary": Table((name, "b"), ((name, Link("https://x.example/")),))},
        dict.fromkeys(NAMES, None),
    ):
        try:
            marked = filled(text, values | changes)
        except DomainError:
            continue
        reader = Reader()
        reader.feed(as_html(marked))
        reader.close()
        assert reader.foreign == []
        assert not any(mark in plain(marked) + as_html(marked) for mark in "\ue000\ue001\ue005")
