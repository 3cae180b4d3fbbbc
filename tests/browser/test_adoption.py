"""What others made is found, tried out, adopted into a project and given back, all by hand in the console."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import City, Open, Picture
from tests.browser.hands import SLOW_MS, ask, choose, confirm_by_name, submitted
from tests.browser.test_pages import _violations

LEGACY = "legacy-oa-2019"  # somebody made it behind the demo city's back


def roomy(page: Page, city: City) -> str:
    """A project whose departments could carry it twice; its name is nobody else's."""
    (found,) = ask(page, city, f"/unmanaged?q={LEGACY}")["items"]
    thing = {"kind": found["kind"], "host_id": found["host"]["id"], "external_id": found["external_id"]}
    projects = ask(page, city, "/projects?limit=200")["items"]
    names = [one["name"] for one in projects]
    headers = {"Origin": city.url, "X-CSRF-Token": ask(page, city, "/session")["csrf_token"]}
    for one in projects:
        body = {"project_id": one["id"], "items": [thing]}
        answer = page.context.request.post(f"{city.url}/api/v1/adoptions/plan", data=body, headers=headers)
        checks = answer.json()["quota"]
        fits = all(check["limit"] is None or check["after"] + check["asked"] <= check["limit"] for check in checks)
        if fits and names.count(one["name"]) == 1:
            return str(one["name"])
    raise AssertionError("no project has room")


def test_a_machine_is_adopted_and_released(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator", language="zh")
    page.goto(f"{city.url}/adoption")
    row = page.get_by_test_id(f"unmanaged-{LEGACY}")
    expect(row).to_be_visible()
    page.get_by_test_id("unmanaged-search").fill("nothing like it")
    expect(row).to_have_count(0)
    page.get_by_test_id("unmanaged-search").fill("legacy")
    expect(row).to_be_visible()
    page.get_by_role("checkbox", name=f"选择 {LEGACY}").check()
    page.get_by_test_id("adopt-chosen").click()

    form = page.get_by_test_id("adopt")
    expect(page.get_by_test_id("adopt-submit")).to_be_disabled()
    home = roomy(page, city)
    choose(page, form, "项目", home)
    plan = page.get_by_test_id("adopt-plan")
    expect(plan).to_have_attribute("data-ok", "true")
    expect(plan).to_contain_text(LEGACY)
    expect(plan).to_contain_text("80 GiB")
    picture(page, "adoption-plan-zh-light")
    assert not _violations(page)
    submitted(page, "adopt")
    expect(row).to_have_count(0, timeout=SLOW_MS)

    page.goto(f"{city.url}/adoption?tab=instances")
    expect(page.locator("main tbody tr").filter(has_text=LEGACY)).to_contain_text("运行中", timeout=SLOW_MS)
    expect(page.locator("main tbody tr").filter(has_text=LEGACY)).to_contain_text(home)
    picture(page, "adoption-adopted-zh-light")
    assert not _violations(page)
    page.get_by_test_id(f"release-{LEGACY}").click()
    confirm_by_name(page, LEGACY)
    expect(page.get_by_test_id(f"release-{LEGACY}")).to_have_count(0, timeout=SLOW_MS)

    other = open_page("operator", language="en", theme="dark")
    other.goto(f"{city.url}/adoption")
    other.get_by_test_id(f"unmanaged-{LEGACY}").click()
    choose(other, other.get_by_test_id("adopt"), "Project", home)
    expect(other.get_by_test_id("adopt-plan")).to_have_attribute("data-ok", "true")
    picture(other, "adoption-plan-en-dark")
    assert not _violations(other)
