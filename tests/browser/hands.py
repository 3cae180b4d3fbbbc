"""What a hand does on any page of the console: choose, type a name, wait for a state."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import City

# An operation of the simulator takes seconds; a loaded machine takes its time.
SLOW_MS = 90_000


def ask(page: Page, city: City, path: str) -> Any:
    """What the API answers to whoever is signed in on the page; to find things with, not to prove them."""
    answer = page.context.request.get(f"{city.url}/api/v1{path}")
    assert answer.ok, answer.text()
    return answer.json()


def machine(page: Page, city: City, turn: int) -> dict[str, Any]:
    """A running machine of two processors on a host that is well and has room; each test takes another one."""
    pools = ask(page, city, "/storage-pools?limit=200")["items"]
    roomy = {pool["host"]["id"] for pool in pools if pool["capacity_gib"] - pool["allocated_gib"] > 500}
    hosts = ask(page, city, "/hosts?limit=200")["items"]
    well = {host["id"] for host in hosts if (host["state"], host["health"]) == ("enabled", "up")} & roomy
    found = ask(page, city, "/instances?state=active&limit=200")["items"]
    fitting = [one for one in found if one["flavor"]["name"] == "通用型-2C4G" and one["host"]["id"] in well]
    chosen: dict[str, Any] = fitting[turn]
    return chosen


def act(page: Page, verb: str) -> None:
    """Open a dialog out of an instance's menu."""
    page.get_by_test_id("more-actions").click()
    page.get_by_test_id(f"action-{verb}").click()


def choose(page: Page, form: Locator, label: str, option: str) -> None:
    """Choose by typing in the select of ``form`` that bears the label."""
    box = form.get_by_role("combobox", name=label, exact=True)
    box.locator("xpath=ancestor::div[contains(concat(' ', @class, ' '), ' el-select ')]").click()
    if box.get_attribute("readonly") is None:
        box.fill(option)
    page.get_by_role("option", name=re.compile(rf"^\s*{re.escape(option)}(\s|$)")).first.click()
    expect(page.get_by_role("listbox").locator("visible=true")).to_have_count(0)


def fill(form: Locator, label: str, text: str) -> None:
    """Type into the field of ``form`` that bears the label."""
    field = form.get_by_label(label, exact=True)
    (field if field.count() == 1 else field.locator("visible=true").last).fill(text)


def confirm_by_name(page: Page, name: str) -> None:
    """What cannot be taken back: the button wakes when the name stands there."""
    expect(page.get_by_test_id("danger-submit")).to_be_disabled()
    page.get_by_test_id("danger-name").fill(name)
    page.get_by_test_id("danger-submit").click()


def submitted(page: Page, form: str) -> None:
    """Press the form's button and see the form go."""
    page.get_by_test_id(f"{form}-submit").click()
    expect(page.get_by_test_id(form)).to_have_count(0)


def in_state(page: Page, what: str, state: str) -> None:
    """The page comes to say so by itself: nobody reloads it."""
    expect(page.get_by_test_id(what)).to_have_attribute("data-state", state, timeout=SLOW_MS)
