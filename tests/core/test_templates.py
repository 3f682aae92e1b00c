"""Templates: the shell, the menu, and what each file may hold."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template, render_to_string
from django.urls import NoReverseMatch

from softswitch.core import nav
from softswitch.core.templatetags.ui import icon, initials
from tests.core.conftest import Tree

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
MENU = (
    ("Dashboard", "dashboard", "squares-2x2", None, ()),
    (
        "Customers",
        "",
        "users",
        None,
        (
            ("Customer list", "customers:customer_list", "", "customers.view", ()),
            ("Audit log", "customers:audit_list", "", "audit.view", ()),
        ),
    ),
)
pytestmark = pytest.mark.urls("tests.core.pages")


def below_the_project(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


class Actor:
    customer_id = 1
    account_id: int | None = None
    is_root = False

    def __init__(self, *rights: str) -> None:
        self.rights = rights

    def can(self, right: str) -> bool:
        return right in self.rights


@pytest.mark.parametrize("path", TEMPLATES, ids=below_the_project)
def test_templates_compile_open_with_a_comment_and_hold_no_inline_code(path: Path):
    text = path.read_text()
    get_template(str(path.relative_to(settings.BASE_DIR / "templates")))
    assert text.startswith("{#")
    assert len(text.splitlines()) <= 120
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:|//cdn", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=below_the_project)
def test_static_files_named_in_templates_exist(path: Path):
    for name in re.findall(r"{% static '([^']+)'", path.read_text()):
        assert finders.find(name), name


def test_the_menu_shows_what_the_actor_may_open():
    items = nav.build(Actor("customers.view"), "customers:customer_detail", MENU)
    assert [item.label for item in items] == ["Dashboard", "Customers"]
    assert [child.label for child in items[1].children] == ["Customer list"]
    assert items[1].is_open
    assert items[1].children[0].current == "true"
    assert [item.label for item in nav.build(Actor(), "dashboard", MENU)] == ["Dashboard"]


def test_the_menu_leaves_out_what_is_closed_to_logins_of_an_account():
    desk = Actor("audit.view", "customers.view")
    labels = [child.label for child in nav.build(desk, "dashboard", MENU)[1].children]
    assert labels == ["Customer list", "Audit log"]
    desk.account_id = 7
    labels = [child.label for child in nav.build(desk, "dashboard", MENU)[1].children]
    assert labels == ["Customer list"]


def test_the_menu_marks_the_page_itself():
    items = nav.build(Actor("customers.view"), "customers:customer_list", MENU)
    assert items[1].children[0].current == "page"
    assert not items[0].current


def test_a_dead_link_in_the_menu_is_an_error():
    with pytest.raises(NoReverseMatch):
        nav.build(Actor(), "", (("Gone", "customers:gone", "", None, ()),))


@pytest.mark.django_db
def test_the_shell_names_the_user_and_the_menu(tree: Tree, settings):
    settings.NAVIGATION = MENU
    text = tree.login(tree.operator).get("/customers/").content.decode()
    assert "Maya Okonkwo" in text
    assert '<a href="/customers/" aria-current="page">Customer list</a>' in text
    assert 'class="acting"' not in text
    assert 'data-bs-theme="light" data-theme="auto"' in text


@pytest.mark.django_db
def test_theme_and_direction_are_the_users(tree: Tree):
    tree.operator.theme = "dark"
    tree.operator.language = "ar"
    tree.operator.save()
    text = tree.login(tree.operator).get("/customers/").content.decode()
    assert '<html lang="ar" dir="rtl" data-bs-theme="dark"' in text
    assert "bootstrap.rtl.min.css" in text


@pytest.mark.django_db
def test_the_banner_stands_on_every_page_while_switched(tree: Tree):
    browser = tree.login(tree.operator)
    session = browser.session
    session["acting_stack"] = [tree.reseller.pk]
    session.save()
    text = browser.get("/customers/").content.decode()
    assert 'class="acting"' in text
    assert "<strong><bdi>Calder Voice</bdi></strong>" in text


def test_the_failure_page_needs_nothing():
    assert "has been recorded" in render_to_string("errors/500.html")


def test_icons_that_point_are_mirrored():
    assert 'class="icon icon-dir"' in icon("chevron-right")
    assert 'class="icon"' in icon("plus")
    assert "<script" not in icon("plus")


@pytest.mark.parametrize(("name", "text"), [("Maya Okonkwo", "MO"), ("ruth", "R"), ("", "")])
def test_initials(name: str, text: str):
    assert initials(name) == text
