"""The statement as a PDF, and what is said where it cannot be made."""

import builtins
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from softswitch.core import pdf
from softswitch.core.errors import DomainError
from tests.world import World


def own_statement(client: Client, world: World) -> Any:
    client.force_login(world.user("sub_reseller"))
    return client.get(reverse("billing:ledger", args=[world.shop.pk]), {"export": "pdf"})


@pytest.mark.usefixtures("pdf_libraries")
def test_a_statement_leaves_as_pdf(client: Client, world: World) -> None:
    answer = own_statement(client, world)
    assert answer.status_code == 200, answer.content[:500]
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_the_page_names_the_packages_where_the_libraries_are_missing(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = builtins.__import__

    def without_pango(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return genuine(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pango)
    answer = own_statement(client, world)
    assert answer.status_code == 422
    assert "apt-get install libpango-1.0-0" in answer.content.decode()


def test_long_tables_do_not_become_pdf() -> None:
    with pytest.raises(DomainError, match="use CSV or XLSX"):
        pdf.render_pdf("<p>", rows=pdf.MOST_ROWS + 1)


@pytest.mark.usefixtures("pdf_libraries")
def test_a_pdf_loads_nothing(caplog: pytest.LogCaptureFixture) -> None:
    page = '<html lang="en"><title>t</title><img alt="x" src="http://127.0.0.1:9/x.png"></html>'
    assert pdf.render_pdf(page, rows=0).startswith(b"%PDF-")
    assert "Failed to load image" in caplog.text
