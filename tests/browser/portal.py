"""A visitor of the portal: opens pages, signs in, and keeps account of every fault it meets."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from playwright.sync_api import (
    Browser,
    FilePayload,
    Locator,
    Page,
    Request,
    Response,
    expect,
)

from tests.world import PASSWORD

CANCELLED = "net::ERR_ABORTED"  # the browser's own: a download, or a page left while it loads


class Portal:
    """One browser session with one tab, ``page``.

    ``options`` are those of Playwright's ``Browser.new_context``. Leaving the context checks that
    no page wrote an error to the console (a breach of the Content-Security-Policy is one), threw,
    asked for something that failed, or got an answer of 400 or above.
    """

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        self.faults: list[str] = []
        self.context = browser.new_context(base_url=url, **options)
        self.context.set_default_timeout(15_000)
        self.context.on("console", self._on_console)
        self.context.on("weberror", lambda error: self.faults.append(f"thrown: {error.error}"))
        self.context.on("requestfailed", self._on_request_failed)
        self.context.on("response", self._on_response)
        self.page: Page = self.context.new_page()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.context.close()
        if error is None and self.faults:
            pytest.fail("\n".join(self.faults))

    def open(self, path: str) -> Page:
        """Go to ``path`` and return the page."""
        self.page.goto(path)
        return self.page

    def sign_in(self, login: str, password: str = PASSWORD) -> Page:
        """Fill in the login page."""
        page = self.open("/login/")
        page.get_by_label("Login").fill(login)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        return page

    def sign_out(self) -> None:
        """By the user's menu, where people look for it."""
        self.page.get_by_role("button", name="Account").click()
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("heading", name="Sign in")).to_be_visible()

    def fill(self, **values: str) -> None:
        """Fill fields by their names in the form; choices by their shown text."""
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}]")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(label=value)
            else:
                field.fill(value)

    def follow(self, group: str, entry: str) -> None:
        """Open ``group`` of the main menu, unless it is open, and follow the link ``entry``."""
        menu = self.page.get_by_role("navigation", name="Main menu")
        link = menu.get_by_role("link", name=entry, exact=True)
        if not link.is_visible():
            menu.get_by_text(group, exact=True).click()
        link.click()

    @contextmanager
    def expecting(self, status: int) -> Iterator[None]:
        """Within it, one answer of ``status`` is what the test wants: it is no fault."""
        before = list(self.faults)
        yield
        unexpected = [fault for fault in self.faults[len(before) :] if str(status) not in fault]
        assert len(self.faults) > len(before), f"nothing was answered with {status}"
        self.faults[:] = before + unexpected

    def press(self, name: str) -> None:
        """Click the button of exactly this name in the page's main part."""
        self.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()

    def download(self, name: str) -> str:
        """The text of the file that the button of this name in the open menu gives."""
        with self.page.expect_download() as waiting:
            self.press(name)
        return Path(waiting.value.path()).read_text(encoding="utf-8-sig")

    def upload(self, name: str, text: str) -> None:
        """Choose a file of this name and text in the page's file field."""
        file = FilePayload(name=name, mimeType="text/csv", buffer=text.encode())
        self.page.locator("input[type=file]").first.set_input_files(file)

    def reload_until(self, sight: Locator) -> None:
        """Reload the page until ``sight``, the work of a job, is there; fail after 20 seconds."""
        deadline = time.monotonic() + 20
        while not sight.is_visible():
            assert time.monotonic() < deadline, f"never seen: {sight}"
            self.page.reload()

    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than the window."""
        wide: bool = self.page.evaluate("document.scrollingElement.scrollWidth > window.innerWidth")
        return wide

    def _on_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")

    def _on_request_failed(self, request: Request) -> None:
        if request.failure != CANCELLED:
            self.faults.append(f"{request.failure}: {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")


def money(amount: str) -> re.Pattern[str]:
    """Matches an amount as shown, whatever space stands before its currency."""
    return re.compile(re.escape(amount).replace(r"\ ", r"\s+"))
