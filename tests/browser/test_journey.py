"""The first journey in a browser: ask, approve twice, use, delete; in Chinese and in English."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import City, Open, Picture

WORDS = {
    "zh": {"title": "低保核查节点", "purpose": "年底低保动态核查", "comment": "同意", "name": "check-zh"},
    "en": {"title": "Nodes for the yearly check", "purpose": "Welfare check", "comment": "Agreed", "name": "check-en"},
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_request_becomes_a_running_machine(
    city: City, open_page: Open, picture: Picture, language: str, tmp_path: Path
) -> None:
    words = WORDS[language]
    asker = open_page("minzheng", language=language)
    asker.goto(f"{city.url}/catalogue")
    picture(asker, f"catalogue-{language}-light")
    asker.get_by_test_id("service-instance").click()
    _fill_purpose(asker, words)
    _fill_machines(asker, words["name"], tmp_path)
    expect(asker.get_by_test_id("quota-check")).to_have_attribute("data-ok", "true")
    picture(asker, f"wizard-{language}-light")
    asker.get_by_test_id("wizard-next").click()
    expect(asker.get_by_test_id("review")).to_contain_text(words["title"])
    asker.get_by_test_id("submit-request").click()
    expect(asker.get_by_test_id("request-state")).to_have_attribute("data-state", "submitted")
    request = asker.url.rpartition("/")[2]

    for approver in ("minzheng-lead", "centre"):
        page = open_page(approver, language=language)
        page.goto(f"{city.url}/approvals/{request}")
        page.get_by_test_id("approval-comment").fill(words["comment"])
        expect(page.get_by_test_id("quota-checks").first).to_be_visible()
        if approver == "centre":
            picture(page, f"approval-{language}-light")
        page.get_by_test_id("approve").click()
        expect(page.get_by_test_id("request-state")).to_be_visible()

    # The page follows by itself: nobody reloads it.
    expect(asker.get_by_test_id("request-state")).to_have_attribute("data-state", "fulfilled", timeout=120_000)
    lines = asker.get_by_test_id("machine-ssh")
    expect(lines).to_have_count(2)
    assert re.match(r"ssh \S+@\d+\.\d+\.\d+\.\d+", lines.first.inner_text())
    picture(asker, f"request-{language}-light")

    _use_and_delete(city, open_page, picture, language, words["name"])


def _fill_purpose(page: Page, words: dict[str, str]) -> None:
    page.get_by_test_id("request-title").fill(words["title"])
    page.get_by_test_id("request-project").click()
    page.get_by_role("option").first.click()
    page.get_by_test_id("request-application").click()
    page.get_by_role("option").first.click()
    page.get_by_test_id("request-purpose").fill(words["purpose"])
    page.get_by_test_id("wizard-next").click()


def _fill_machines(page: Page, name: str, directory: Path) -> None:
    page.get_by_test_id("item-name").fill(name)
    count = page.get_by_test_id("item-count")
    (count.get_by_role("spinbutton") if count.get_by_role("spinbutton").count() else count).fill("2")
    page.keyboard.press("Tab")
    page.get_by_test_id("add-volume").click()
    key = directory / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True)
    page.get_by_test_id("add-key").click()
    page.get_by_test_id("ssh-key-name").fill(name)
    page.get_by_test_id("ssh-key-text").fill(key.with_suffix(".pub").read_text())
    page.keyboard.press("Tab")
    page.get_by_test_id("ssh-key-name").press("Enter")
    expect(page.get_by_test_id("ssh-key-name")).to_be_hidden()


def _use_and_delete(city: City, open_page: Open, picture: Picture, language: str, name: str) -> None:
    page = open_page("operator", language=language, theme="dark")
    page.goto(f"{city.url}/instances?q={name}-1")
    page.locator("tbody a").first.click()
    expect(page.get_by_test_id("instance-state")).to_have_attribute("data-state", "active")
    expect(page.get_by_test_id("ssh-line")).to_be_visible()
    picture(page, f"instance-{language}-dark")
    page.get_by_test_id("tab-screen").click()
    page.wait_for_selector("[data-phase=connected]")
    picture(page, f"screen-{language}-dark")
    page.get_by_test_id("tab-log").click()
    expect(page.get_by_test_id("serial-log")).not_to_be_empty()
    page.get_by_test_id("more-actions").click()
    page.get_by_test_id("action-delete").click()
    expect(page.get_by_test_id("danger-submit")).to_be_disabled()
    page.get_by_test_id("danger-name").fill(f"{name}-1")
    page.get_by_test_id("danger-submit").click()
    expect(page.get_by_test_id("instance-state")).to_have_attribute("data-state", "deleted", timeout=120_000)


def test_the_first_sign_in_asks_for_a_password_of_ones_own(city: City, open_page: Open) -> None:
    city.reset("sysadmin")  # whoever signed in before has changed the first one
    page = open_page(language="en")
    page.goto(city.url)
    page.get_by_test_id("username").fill("sysadmin")
    page.get_by_test_id("password").fill("not the password")
    page.get_by_test_id("sign-in-submit").click()
    expect(page.get_by_test_id("problem")).to_be_visible()
    page.get_by_test_id("password").fill(city.passwords["sysadmin"])
    page.get_by_test_id("sign-in-submit").click()
    expect(page.get_by_test_id("password-form")).to_be_visible()
    page.goto(f"{city.url}/instances")
    expect(page.get_by_test_id("password-form")).to_be_visible()
    fresh = "a river runs through suzhou"
    page.get_by_test_id("old-password").fill(city.passwords["sysadmin"])
    page.get_by_test_id("new-password").fill(fresh)
    page.get_by_test_id("repeat-password").fill(fresh)
    page.get_by_test_id("password-submit").click()
    expect(page.get_by_test_id("user-menu")).to_be_visible()
    city.passwords["sysadmin"] = fresh
