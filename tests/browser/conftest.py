"""A browser, and a server that allows a page nothing but what it may need."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import REQUIRED
from built import Parsed
from playwright.sync_api import Browser, Page, expect, sync_playwright

# A busy machine is no mistake of the page.
expect.set_options(timeout=30_000)
ONE_OF_EACH = {"", "ch04_rbf_net/", "debugging/", "notation/"}
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self' blob:"
)


class Strict(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(Strict, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        reason = f"none of {', '.join(names)} is installed"
        if REQUIRED:
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        arguments = [
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ]
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    with browser.new_context(color_scheme="light") as context:
        yield context.new_page()


@pytest.fixture(scope="session")
def samples(pages: list[Parsed]) -> list[str]:
    """Every page where the browser is required, else one of each kind: it saves minutes.

    The links of 404.html start at the root of the published site; it is left out.
    """
    locations = [page.location for page in pages if page.name != "404.html"]
    return [each for each in locations if REQUIRED or each in ONE_OF_EACH]
