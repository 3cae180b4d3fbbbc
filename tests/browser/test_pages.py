"""Every page in both languages and both themes: it opens, says something, and passes axe-core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, City, Open, Picture

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
PAGES = {
    "overview": "/",
    "catalogue": "/catalogue",
    "requests": "/requests",
    "approvals": "/approvals",
    "instances": "/instances",
    "volumes": "/volumes",
    "snapshots": "/snapshots",
    "volume-snapshots": "/snapshots?tab=volumes",
    "buckets": "/buckets",
    "networks": "/networks",
    "topology": "/networks?tab=topology",
    "security-groups": "/security-groups",
    "images": "/images",
    "flavors": "/flavors",
    "quotas": "/quotas",
    "projects": "/projects",
    "providers": "/providers",
    "hosts": "/hosts",
    "drifts": "/drifts",
    "adoption": "/adoption",
    "operations": "/operations",
    "ssh-keys": "/account/ssh-keys",
    "tokens": "/account/tokens",
}


def _violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2 A and AA; evaluated from outside, so that the page's CSP stays as it is."""
    page.evaluate(Path(AXE).read_text())
    found: list[dict[str, Any]] = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")["violations"]
    return [f"{one['id']} ({one['impact']}): {[node['target'] for node in one['nodes'][:3]]}" for one in found]


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_every_page_opens_and_is_accessible(
    city: City, open_page: Open, picture: Picture, language: str, theme: str
) -> None:
    page = open_page("operator", language=language, theme=theme)
    found: dict[str, list[str]] = {}
    for name, path in PAGES.items():
        page.goto(city.url + path)
        expect(page.locator("main h1")).to_be_visible()
        page.wait_for_load_state("load")
        expect(page.locator("main [aria-busy=true]")).to_have_count(0)
        picture(page, f"{name}-{language}-{theme}")
        if problems := _violations(page):
            found[name] = problems
    assert not found, found


def test_the_overview_in_the_other_colours(city: City, open_page: Open, picture: Picture) -> None:
    for language, theme in (("zh", "dark"), ("en", "light")):
        page = open_page("operator", language=language, theme=theme)
        page.goto(city.url)
        expect(page.locator("main h1")).to_be_visible()
        expect(page.locator("main [aria-busy=true]")).to_have_count(0)
        picture(page, f"overview-{language}-{theme}")
        assert not _violations(page)


def test_a_department_sees_only_itself(city: City, open_page: Open) -> None:
    page = open_page("minzheng", language="zh")
    page.goto(f"{city.url}/instances?q=market")
    expect(page.locator("main")).to_be_visible()
    page.goto(f"{city.url}/hosts")
    expect(page.get_by_test_id("nav-hosts")).to_have_count(0)
    expect(page.get_by_test_id("nav-adoption")).to_have_count(0)
    expect(page.locator("main")).not_to_contain_text("hv-")


def test_the_keyboard_reaches_everything_that_the_mouse_does(city: City, open_page: Open) -> None:
    page = open_page("operator", language="en")
    page.goto(f"{city.url}/instances")
    expect(page.locator("main h1")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_test_id("palette-input")).to_be_focused()
    page.keyboard.press("Escape")
    seen = set()
    for _ in range(25):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
        assert page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle !== 'none' || "
            "getComputedStyle(document.activeElement).boxShadow !== 'none' || "
            "document.activeElement.matches(':focus-visible')"
        )
    assert len(seen) > 15
