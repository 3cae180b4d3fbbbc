"""What an operator does to a machine and its disks, by hand, to the end that the page tells of."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import City, Open, Picture
from tests.browser.hands import SLOW_MS, act, choose, confirm_by_name, fill, in_state, machine, submitted


def test_resize_migrate_shelve_and_rebuild(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator", language="zh")
    one = machine(page, city, 0)
    page.goto(f"{city.url}/instances/{one['id']}")
    in_state(page, "instance-state", "active")

    act(page, "resize")
    choose(page, page.get_by_test_id("resize"), "规格", "通用型-4C8G")
    picture(page, "resize-zh-light")
    submitted(page, "resize")
    expect(page.locator("main")).to_contain_text("4 核 / 8 GiB", timeout=SLOW_MS)
    in_state(page, "instance-state", "active")

    act(page, "migrate")
    picture(page, "migrate-zh-light")
    submitted(page, "migrate")
    host = page.locator("main").get_by_role("link", name=one["host"]["name"], exact=True)
    expect(host).to_have_count(0, timeout=SLOW_MS)
    in_state(page, "instance-state", "active")

    act(page, "shelve")
    picture(page, "shelve-zh-light")
    submitted(page, "shelve")
    in_state(page, "instance-state", "shelved")
    picture(page, "instance-shelved-zh-light")
    act(page, "unshelve")
    submitted(page, "unshelve")
    in_state(page, "instance-state", "active")

    act(page, "rebuild")
    picture(page, "rebuild-zh-light")
    confirm_by_name(page, one["name"])
    expect(page.get_by_test_id("danger")).to_have_count(0)
    page.get_by_test_id("tab-operations").click()
    rebuilt = page.locator("main tbody tr").filter(has_text="重装云主机")
    expect(rebuilt.locator("[data-state=succeeded]")).to_be_visible(timeout=SLOW_MS)
    in_state(page, "instance-state", "active")
    picture(page, "instance-operations-zh-light")


def test_snapshot_restore_and_delete(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator", language="en", theme="dark")
    one = machine(page, city, 1)
    page.goto(f"{city.url}/instances/{one['id']}?tab=snapshots")
    act(page, "snapshot")
    fill(page.get_by_test_id("snapshot"), "Name", "before the upgrade")
    picture(page, "snapshot-en-dark")
    submitted(page, "snapshot")
    row = page.locator("main tbody tr").filter(has_text="before the upgrade")
    expect(row.locator("[data-state=available]")).to_be_visible(timeout=SLOW_MS)
    picture(page, "instance-snapshots-en-dark")

    row.get_by_role("button", name="Revert").click()
    confirm_by_name(page, "before the upgrade")
    expect(page.get_by_test_id("danger")).to_have_count(0)
    page.get_by_test_id("toast").get_by_role("link").last.click()
    expect(page.locator("main h1")).to_contain_text("Revert to snapshot")
    in_state(page, "operation-state", "succeeded")
    page.goto(f"{city.url}/instances/{one['id']}?tab=snapshots")
    in_state(page, "instance-state", "active")

    row.get_by_role("button", name="Delete").click()
    confirm_by_name(page, "before the upgrade")
    expect(row).to_have_count(0, timeout=SLOW_MS)


def test_a_volume_from_its_making_to_its_end(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator", language="zh", theme="dark")
    one = machine(page, city, 2)
    page.goto(f"{city.url}/instances/{one['id']}?tab=volumes")
    page.get_by_test_id("volume-add").click()
    fill(page.get_by_test_id("volume"), "名称", "by-hand")
    page.get_by_test_id("volume-size").get_by_role("spinbutton").fill("20")
    picture(page, "volume-add-zh-dark")
    submitted(page, "volume")
    row = page.locator("main tbody tr").filter(has_text="by-hand")
    expect(row.locator("[data-state=in_use]")).to_be_visible(timeout=SLOW_MS)
    row.get_by_role("link").click()

    in_state(page, "volume-state", "in_use")
    page.get_by_test_id("volume-grow").click()
    page.get_by_test_id("grow-size").get_by_role("spinbutton").fill("30")
    submitted(page, "grow")
    expect(page.locator("main dl")).to_contain_text("30 GiB", timeout=SLOW_MS)
    in_state(page, "volume-state", "in_use")
    picture(page, "volume-zh-dark")

    page.get_by_test_id("volume-snapshot-add").click()
    fill(page.get_by_test_id("volume-snapshot"), "名称", "before")
    submitted(page, "volume-snapshot")
    kept = page.get_by_test_id("volume-snapshots").locator("tbody tr").filter(has_text="before")
    expect(kept.locator("[data-state=available]")).to_be_visible(timeout=SLOW_MS)
    kept.get_by_test_id("volume-of-snapshot").click()
    fill(page.get_by_test_id("clone"), "名称", "of-before")
    picture(page, "volume-of-snapshot-zh-dark")
    page.get_by_test_id("clone").get_by_role("button", name="取消").click()
    expect(page.get_by_test_id("clone")).to_have_count(0)
    picture(page, "volume-snapshots-zh-dark")
    kept.get_by_role("button", name="删除").click()
    confirm_by_name(page, "before")
    expect(kept).to_have_count(0, timeout=SLOW_MS)

    page.get_by_test_id("volume-detach").click()
    submitted(page, "detach")
    in_state(page, "volume-state", "available")
    page.get_by_test_id("volume-attach").click()
    choose(page, page.get_by_test_id("attach"), "云主机", one["name"])
    submitted(page, "attach")
    in_state(page, "volume-state", "in_use")
    page.get_by_test_id("volume-detach").click()
    submitted(page, "detach")
    in_state(page, "volume-state", "available")

    page.get_by_test_id("volume-delete").click()
    confirm_by_name(page, "by-hand")
    in_state(page, "volume-state", "deleted")
