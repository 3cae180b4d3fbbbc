"""What administrators keep by hand: places and providers, flavors, sessions, the audit trail as a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import City, Open, Picture
from tests.browser.hands import ask, choose, confirm_by_name, fill, in_state, submitted


def test_places_and_ratios(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("sysadmin", language="zh")
    page.goto(f"{city.url}/hosts")
    _new_place(page, "site")
    fill(page.get_by_test_id("place"), "名称", "自办站点")
    submitted(page, "place")
    _new_place(page, "zone")
    choose(page, page.get_by_test_id("place"), "站点", "自办站点")
    fill(page.get_by_test_id("place"), "名称", "自办区")
    submitted(page, "place")
    _new_place(page, "host_pool")
    choose(page, page.get_by_test_id("place"), "可用区", "自办区")
    fill(page.get_by_test_id("place"), "名称", "自办池")
    picture(page, "pool-form-zh-light")
    submitted(page, "place")

    page.get_by_test_id("change-自办池").click()
    fill(page.get_by_test_id("place"), "名称", "自办二池")
    page.get_by_test_id("place").get_by_role("spinbutton", name="vCPU 超分比").fill("6")
    submitted(page, "place")
    expect(page.locator("main tbody tr").filter(has_text="自办二池")).to_contain_text("CPU ×6")
    picture(page, "places-zh-light")

    page.get_by_test_id("remove-自办区").click()
    confirm_by_name(page, "自办区")
    expect(page.get_by_test_id("danger").get_by_test_id("problem")).to_contain_text("1 个资源池")
    picture(page, "place-used-zh-light")
    page.get_by_test_id("danger").get_by_role("button", name="取消").click()
    for name in ("自办二池", "自办区", "自办站点"):
        page.get_by_test_id(f"remove-{name}").click()
        confirm_by_name(page, name)
        expect(page.get_by_test_id(f"remove-{name}")).to_have_count(0)


def test_a_provider_from_its_registration_to_its_end(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("sysadmin", language="en", theme="dark")
    pool = ask(page, city, "/host-pools?limit=1")["items"][0]
    site = ask(page, city, "/sites?limit=1")["items"][0]["name"]
    page.goto(f"{city.url}/providers")
    page.get_by_test_id("provider-add").click()
    form = page.get_by_test_id("provider")
    fill(form, "Name", "own-cloud")
    choose(page, form, "Driver", "simulator")
    choose(page, form, "Site", site)
    choose(page, form, "New hosts join", pool["name"])
    fill(form, "Configuration (JSON)", '{"password": "x"}')
    page.get_by_test_id("provider-submit").click()
    expect(form.get_by_test_id("problem")).to_be_visible()
    picture(page, "provider-form-en-dark")
    fill(form, "Configuration (JSON)", json.dumps({"path": str(city.directory / "no-such-cloud.sqlite")}))
    submitted(page, "provider")

    row = page.get_by_test_id("provider-own-cloud")
    expect(row).to_be_visible()
    row.get_by_role("button", name="Configuration of own-cloud").click()
    expect(form.get_by_role("textbox", name="Configuration (JSON)")).to_have_value(re.compile("no-such-cloud"))
    fill(form, "Configuration (JSON)", json.dumps({"path": str(city.directory / "another.sqlite")}))
    submitted(page, "provider")

    row.get_by_role("button", name="Remove own-cloud").click()
    confirm_by_name(page, "own-cloud")
    expect(page.get_by_test_id("danger").get_by_test_id("problem")).to_contain_text("disable it first")
    page.keyboard.press("Escape")
    row.locator(".el-switch").click()
    in_state(page, "provider-state-own-cloud", "disabled")
    picture(page, "providers-en-dark")
    row.get_by_role("button", name="Remove own-cloud").click()
    confirm_by_name(page, "own-cloud")
    expect(row).to_have_count(0)


def test_a_flavor_that_was_never_used_goes(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("sysadmin", language="zh", theme="dark")
    page.goto(f"{city.url}/flavors")
    page.get_by_test_id("flavor-add").click()
    fill(page.get_by_test_id("flavor"), "名称", "自办型-2C4G")
    submitted(page, "flavor")
    page.get_by_role("button", name="移除 通用型-2C4G").click()
    confirm_by_name(page, "通用型-2C4G")
    expect(page.get_by_test_id("danger").get_by_test_id("problem")).to_contain_text("停止提供")
    picture(page, "flavor-used-zh-dark")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="移除 自办型-2C4G").click()
    confirm_by_name(page, "自办型-2C4G")
    expect(page.locator("main tbody tr").filter(has_text="自办型-2C4G")).to_have_count(0)


def test_sessions_are_seen_and_ended(city: City, open_page: Open, picture: Picture) -> None:
    other = open_page("auditor", language="en")
    page = open_page("secadmin", language="en")
    who = ask(other, city, "/session")["user"]
    page.goto(f"{city.url}/people")
    page.get_by_test_id("list-search").fill(who["username"])
    page.get_by_role("button", name=who["display_name"]).click()
    rows = page.get_by_test_id("sessions").locator("tbody tr")
    expect(rows.first).to_contain_text("Chrome")
    picture(page, "user-sessions-en-light")
    for _ in range(rows.count()):
        left = rows.count()
        rows.first.get_by_role("button").click()
        expect(rows).to_have_count(left - 1)
    other.goto(f"{city.url}/audit")
    expect(other.get_by_test_id("sign-in")).to_be_visible()

    page.goto(f"{city.url}/account/sessions")
    expect(page.get_by_test_id("sessions")).to_contain_text("(this one)")
    picture(page, "sessions-en-light")


def test_the_audit_trail_is_taken_as_a_file(city: City, open_page: Open, picture: Picture, tmp_path: Path) -> None:
    page = open_page("auditor", language="zh")
    page.goto(f"{city.url}/audit?outcome=failure")
    page.get_by_test_id("audit-export").click()
    picture(page, "audit-export-zh-light")
    with page.expect_download() as waiting:
        page.get_by_test_id("audit-export-jsonl").click()
    waiting.value.save_as(tmp_path / "audit.jsonl")
    assert waiting.value.suggested_filename.endswith(".jsonl")
    entries = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert entries
    assert {entry["outcome"] for entry in entries} == {"failure"}


def _new_place(page: Page, kind: str) -> None:
    page.get_by_test_id("place-add").click()
    page.get_by_test_id(f"add-{kind}").click()
