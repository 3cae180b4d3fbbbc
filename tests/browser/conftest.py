"""The real console of the demo city in a real browser. A console error, a CSP violation, a request to another origin
or an answer of 5xx fails the test that caused it."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, expect, sync_playwright

from egovcloud.drivers.simulator.faults import Faults
from tests.support.server import free_port

ROOT = Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "tests/artefacts"
CHROMIUM = "/usr/bin/chromium"
START_SECONDS = 240.0
EXPECT_MS = 30_000  # the default of 5 s is short for a machine with much else to do
# Nothing of this may reach for a network that is not there.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first: at the end of the run it would have one processor and leave the other idle."""
    items.sort(key=lambda item: item.path.name != "test_pages.py")


@dataclass
class City:
    """A running demo city; ``passwords`` are one-time until somebody has signed in with them."""

    url: str
    passwords: dict[str, str]
    directory: Path

    def clouds(self) -> list[Faults]:
        """The switches of the simulated clouds behind it."""
        return [Faults(path) for path in sorted(self.directory.glob("cloud-*.sqlite"))]

    def reset(self, username: str) -> None:
        """A new one-time password, as the command line gives it."""
        kept = self.directory / f"{secrets.token_hex(8)}.password"
        command = [str(Path(sys.executable).parent / "egovcloud"), "user", "reset-password", username]
        environment = {**os.environ, "EGOV_CONFIG": str(self.directory / "egovcloud.toml")}
        subprocess.run([*command, "--password-file", str(kept)], env=environment, cwd=ROOT, check=True)
        self.passwords[username] = kept.read_text().strip()

    def sign_in(self, context: BrowserContext, username: str) -> None:
        """Sign in without the page; the one-time password is changed on the way."""
        headers = {"Origin": self.url}
        answer = context.request.post(
            f"{self.url}/api/v1/session",
            data={"username": username, "password": self.passwords[username]},
            headers=headers,
        )
        assert answer.ok, answer.text()
        session = answer.json()
        if session["must_change_password"]:
            fresh = f"{secrets.token_urlsafe(12)}-Aa1"
            answer = context.request.put(
                f"{self.url}/api/v1/session/password",
                data={"old_password": self.passwords[username], "new_password": fresh},
                headers={**headers, "X-CSRF-Token": session["csrf_token"]},
            )
            assert answer.ok, answer.text()
            self.passwords[username] = fresh


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """``egovcloud demo`` as a visitor starts it."""
    state = tmp_path_factory.mktemp("city")
    url = f"http://127.0.0.1:{free_port()}"
    command = [str(Path(sys.executable).parent / "egovcloud"), "demo", "--state-dir", str(state / "demo")]
    with (state / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--bind", url.removeprefix("http://")], stdout=log, stderr=log, cwd=ROOT)
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, (state / "log").read_text()
        assert time.monotonic() < deadline, (state / "log").read_text()
        try:
            if httpx.get(f"{url}/api/v1/health", timeout=2).status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.1)
    lines = (state / "demo/sign-ins.txt").read_text().splitlines()
    city = City(url, {line.split()[0]: line.split()[1] for line in lines if line.strip()}, state / "demo")
    for cloud in city.clouds():
        # Nobody needs to see the memory of a simulated guest travel for half a minute.
        cloud.latency(1.0, call="live_migrate")
    yield city
    process.terminate()
    process.wait(60)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing; config/install.sh test installs it"
    expect.set_options(timeout=EXPECT_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


Open = Callable[..., Page]
Picture = Callable[[Page, str], None]


@pytest.fixture
def open_page(city: City, browser: Browser) -> Iterator[Open]:
    """``open_page(username, language=, theme=)``: a page of a fresh browser, watched for what must not be."""
    troubles: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(username: str | None = None, *, language: str = "zh", theme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": 1440, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            locale="zh-CN" if language == "zh" else "en-GB",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        context.set_default_timeout(60_000)
        context.add_init_script(f"localStorage.setItem('egov.language', '{language}')")
        contexts.append(context)
        if username:
            city.sign_in(context, username)
            # The page asks who it is only where somebody has signed in before; the cookie it cannot see.
            context.add_init_script("localStorage.setItem('egov.signedIn', '1')")
        page = context.new_page()
        _watch(page, city.url, troubles)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not troubles, "\n".join(troubles)


def _watch(page: Page, origin: str, troubles: list[str]) -> None:
    def console(kind: str, text: str) -> None:
        # The browser itself logs every answer of 4xx; whether it was right is the test's to say.
        if kind in ("error", "warning") and "Failed to load resource" not in text:
            troubles.append(f"console {kind}: {text}")

    def requested(request: Request) -> None:
        if not request.url.startswith((origin, "data:", "blob:", origin.replace("http", "ws"))):
            troubles.append(f"another origin: {request.url}")

    def answered(response: Response) -> None:
        if response.status >= 500:
            troubles.append(f"{response.status} {response.request.method} {response.url}")

    page.on("console", lambda message: console(message.type, message.text))
    page.on("pageerror", lambda error: troubles.append(f"page error: {error}"))
    page.on("request", requested)
    page.on("response", answered)


@pytest.fixture
def picture() -> Picture:
    """``picture(page, name)``: kept as an artefact, and for the README where EGOV_PICTURES names a directory."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        assert re.fullmatch(r"[a-z0-9-]+", name)
        page.screenshot(path=str(ARTEFACTS / f"{name}.png"))
        if directory := os.environ.get("EGOV_PICTURES"):
            Path(directory).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{directory}/{name}.png")

    return take
