"""The console in headless Chromium with a cold cache: what the first load weighs, when the page stands, and whether a
list of 10,000 rows freezes while it is scrolled to its end and filtered.

Largest contentful paint and long tasks are the browser's own (W3C Largest Contentful Paint, Long Tasks API: what keeps
the main thread busy for 50 ms or more). Figures of a loaded machine are noise, so that the load is told with them.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect, sync_playwright

from bench.control_plane import centre, fill
from bench.report import Line
from egovcloud.services import installation, token
from egovcloud.services.house import House
from tests import world as worlds
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.support.server import Served

ROWS = 10_000
ROUNDS = 3
FIRST_LOAD = 250_000  # bytes
PAINT = 1000.0  # ms
FREEZE = 100.0  # ms
WAIT_MS = 180_000
# Set before the page's own scripts run, so that nothing is missed.
WATCH = """
window.bench = { paint: 0, tasks: [] };
new PerformanceObserver((list) => { for (const one of list.getEntries()) bench.paint = one.startTime; })
  .observe({ type: 'largest-contentful-paint', buffered: true });
new PerformanceObserver((list) => { for (const one of list.getEntries()) bench.tasks.push(one.duration); })
  .observe({ type: 'longtask', buffered: true });
"""
RECEIVED = """
[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .reduce((sum, one) => sum + one.transferSize, 0)
"""
SCROLL = """
(wanted) => new Promise((resolve) => {
  const box = document.querySelector('main [role=region].scroller');
  const last = () => Number([...box.querySelectorAll('tr[aria-rowindex]')].at(-1)?.getAttribute('aria-rowindex') ?? 0);
  const step = () => {
    if (last() > wanted) return resolve(last());
    box.scrollTop += box.clientHeight * 3;
    requestAnimationFrame(step);
  };
  step();
})
"""


def bench_console() -> list[Line]:
    """First load and paint of two pages, and the longest task of a long list; the median of three."""
    with centre(hosts=2) as (world, _, _, directory), worlds.enter(world) as inside:
        fill(inside.database, world, ROWS)
        secret = _secret(inside.house)
        with Served(world.url, directory) as served, _browser() as browser:
            _open(browser, served.url, "/sign-in", None)  # the server compresses its files once
            gates = [_open(browser, served.url, "/sign-in", None) for _ in range(ROUNDS)]
            firsts = [_open(browser, served.url, "/", secret) for _ in range(ROUNDS)]
            lists = [_scrolled(browser, served.url, secret) for _ in range(ROUNDS)]
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"load average {load} on {os.cpu_count()} processors; every round: {gates} {firsts} {lists}")
    return [
        _line("first load of the sign-in page, compressed", [g["bytes"] / 1e3 for g in gates], FIRST_LOAD / 1e3, "kB"),
        _line("first load of the overview, compressed", [f["bytes"] / 1e3 for f in firsts], FIRST_LOAD / 1e3, "kB"),
        _line("largest contentful paint, sign-in page", [g["paint"] for g in gates], PAINT, "ms"),
        _line("largest contentful paint, overview", [f["paint"] for f in firsts], PAINT, "ms"),
        _line(f"longest task, {ROWS:,} rows scrolled to the end", [one["scroll"] for one in lists], FREEZE, "ms"),
        _line("processor time of a frame of that scrolling, mean", [one["frame"] for one in lists], FREEZE, "ms"),
        _line(f"longest task, {ROWS:,} rows filtered", [one["filter"] for one in lists], FREEZE, "ms"),
    ]


def _line(what: str, values: list[float], limit: float, unit: str) -> Line:
    middle = statistics.median(values)
    shown = f"{middle:.0f} {unit}" if middle else f"none of 50 {unit} or more"
    return Line(what, shown, f"{limit:.0f} {unit}", f"{middle / limit:.2f}", f"at most {limit:.0f} {unit}")


@contextmanager
def _browser() -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing; config/install.sh test installs it"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


def _secret(house: House) -> str:
    actor = installation.stand_in(house, "operator")
    return token.create(house, actor, "bench", sorted(actor.permissions()), 1)[1]


def _context(browser: Browser, secret: str | None) -> BrowserContext:
    """A browser that was never here; somebody who is signed in shows a token instead of a cookie."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    context.add_init_script(WATCH)
    if secret is not None:
        context.set_extra_http_headers({"Authorization": f"Bearer {secret}"})
        context.add_init_script("localStorage.setItem('egov.signedIn', '1')")
    return context


def _open(browser: Browser, url: str, path: str, secret: str | None) -> dict[str, Any]:
    """Bytes over the wire until the page stands, headers included, and its largest paint in ms.

    Both are the page's own timings: whoever listens to the browser from outside slows down what is measured.
    """
    context = _context(browser, secret)
    page = context.new_page()
    page.goto(url + path)
    page.wait_for_selector("main h1, [data-testid=sign-in]")
    expect(page.locator("main [aria-busy=true]")).to_have_count(0, timeout=WAIT_MS)
    page.wait_for_timeout(500)  # the browser reports a paint after it
    paint, received = page.evaluate("bench.paint"), page.evaluate(RECEIVED)
    context.close()
    return {"bytes": received, "paint": round(paint, 1)}


def _scrolled(browser: Browser, url: str, secret: str) -> dict[str, float]:
    """The longest task while the list is scrolled until every row has been there, and while it is filtered."""
    context = _context(browser, secret)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{url}/instances")
    page.wait_for_selector("main tr[aria-rowindex='2']")
    _longest(page)
    wire = context.new_cdp_session(page)
    wire.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _work(wire)
    page.evaluate(SCROLL, ROWS)
    busy, frames = (after - earlier for after, earlier in zip(_work(wire), before, strict=True))
    scrolled = _longest(page)
    page.get_by_test_id("list-search").press_sequentially("gis-0", delay=40)
    page.wait_for_url(lambda address: "q=gis-0" in address)
    expect(page.locator("main [aria-busy=true]")).to_have_count(0, timeout=WAIT_MS)
    filtered = _longest(page)
    context.close()
    return {"scroll": scrolled, "filter": filtered, "frame": round(busy * 1000 / max(1.0, frames), 1)}


def _work(wire: CDPSession) -> tuple[float, float]:
    """Seconds of processor that the page's main thread has used, and how often it was laid out."""
    metrics = {one["name"]: one["value"] for one in wire.send("Performance.getMetrics")["metrics"]}
    return metrics["TaskDuration"], metrics["LayoutCount"]


def _longest(page: Page) -> float:
    """The longest task since the last look, in ms; 0 when none was long."""
    page.wait_for_timeout(300)  # long tasks are reported after they end
    return float(
        page.evaluate("(() => { const most = Math.max(0, ...bench.tasks); bench.tasks = []; return most; })()")
    )
