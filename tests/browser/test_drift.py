"""What somebody did behind everybody's back, as an operator sees it and ends it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import City, Open, Picture
from tests.browser.hands import SLOW_MS, ask, submitted
from tests.browser.test_pages import _violations


def test_a_drift_is_read_and_accepted(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator", language="zh")
    page.goto(f"{city.url}/drifts")
    expect(page.get_by_test_id("drift-instance.vcpus").first).to_be_visible()
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)
    picture(page, "drift-list-zh-light")

    page.get_by_test_id("drift-instance.vcpus").first.click()
    facts = page.get_by_test_id("drift-facts")
    expect(facts).to_contain_text("vCPU")
    picture(page, "drift-facts-zh-light")
    page.keyboard.press("Escape")

    (renamed,) = ask(page, city, "/drifts?kind=instance.renamed&state=open")["items"]
    subject, name = renamed["subject"], renamed["observed"][0]["value"]
    page.goto(f"{city.url}/instances/{subject['id']}")
    expect(page.get_by_test_id("drift-notice")).to_be_visible()
    picture(page, "drift-notice-zh-light")
    page.get_by_test_id("drift-notice").click()
    row = page.locator("main tbody tr").filter(has_text="被改名")
    row.get_by_role("button", name=f"接受 {subject['name']}").click()
    picture(page, "drift-accept-zh-light")
    submitted(page, "drift-accept")
    page.goto(f"{city.url}/instances/{subject['id']}")
    expect(page.locator("main h1")).to_have_text(name)
    # The next look finds no difference, and the notice goes.
    expect(page.get_by_test_id("drift-notice")).to_have_count(0, timeout=SLOW_MS)


def test_a_policy_is_chosen(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator", language="en", theme="dark")
    page.goto(f"{city.url}/drifts?tab=policies")
    choice = page.get_by_test_id("policy-network.mode")
    expect(choice).to_be_visible()
    picture(page, "drift-policies-en-dark")
    assert not _violations(page)
    choice.get_by_text("Repair").click()
    expect(choice.get_by_role("radio", name="Repair")).to_be_checked()
    page.reload()
    expect(choice.get_by_role("radio", name="Repair")).to_be_checked()


def test_a_department_sees_only_its_own(city: City, open_page: Open) -> None:
    page = open_page("minzheng", language="zh")
    page.goto(f"{city.url}/drifts")
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)
    expect(page.locator("main")).not_to_contain_text("legacy-oa-2019")
