"""What an operator does to what machines stand on, by hand: hosts, images, networks, rules, operations."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from egovcloud.drivers.simulator.__main__ import apply
from tests.browser.conftest import City, Open, Picture
from tests.browser.hands import SLOW_MS, act, ask, choose, confirm_by_name, fill, in_state, machine, submitted


def all_run(listed: dict[str, Any]) -> bool:
    return {one["state"] for one in listed["items"]} == {"active"}


def test_a_host_is_emptied_and_comes_back(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator", language="zh")
    sites = ask(page, city, "/hosts/tree")
    pools = [pool["hosts"] for site in sites for zone in site["zones"] for pool in zone["host_pools"]]
    # The biggest pool has room for those who have to go.
    well = [one for one in max(pools, key=len) if (one["state"], one["health"]) == ("enabled", "up")]
    # What is switched off stays where its disk is.
    borne = sorted((one for one in well if one["instances"]), key=lambda one: one["instances"])
    name = next(one["name"] for one in borne if all_run(ask(page, city, f"/instances?host_id={one['id']}&limit=200")))
    page.goto(f"{city.url}/hosts")
    row = page.locator("main tbody tr").filter(has_text=name)

    page.get_by_test_id(f"host-{name}").click()
    page.get_by_test_id("host-drain").click()
    picture(page, "drain-zh-light")
    submitted(page, "drain")
    in_state(page, f"host-state-{name}", "maintenance")
    expect(row.locator("td").nth(3)).to_have_text("0", timeout=SLOW_MS)
    picture(page, "drained-zh-light")

    page.get_by_test_id(f"host-{name}").click()
    page.get_by_test_id("host-enable").click()
    submitted(page, "enable")
    in_state(page, f"host-state-{name}", "enabled")


def test_an_image_is_registered_retired_and_deleted(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator", language="en", theme="dark")
    page.goto(f"{city.url}/images")
    page.get_by_test_id("image-add").click()
    form = page.get_by_test_id("image")
    fill(form, "Name", "by hand 1.0")
    fill(form, "Disk file", "/etc/passwd")
    fill(form, "SHA-256", "ab" * 32)
    choose(page, form, "Firmware", "UEFI")
    page.get_by_test_id("image-submit").click()
    expect(form.get_by_role("alert").filter(has_text=str(city.directory / "images")).first).to_be_visible()
    picture(page, "image-form-en-dark")
    fill(form, "Disk file", str(city.directory / "images/by-hand.qcow2"))
    submitted(page, "image")

    row = page.locator("main tbody tr").filter(has_text="by hand 1.0")
    expect(row.locator("[data-state=active]")).to_be_visible()
    row.get_by_role("button", name="Retire").click()
    expect(row.locator("[data-state=retired]")).to_be_visible()
    row.get_by_role("button", name="Restore").click()
    expect(row.locator("[data-state=active]")).to_be_visible()
    row.get_by_role("button", name="Remove by hand 1.0").click()
    confirm_by_name(page, "by hand 1.0")
    # One host of the city is dead: the sweep clears it there once it is back, and nobody waits for that.
    expect(row).to_have_count(0, timeout=SLOW_MS)


def test_a_network_is_made_and_deleted(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator", language="zh", theme="dark")
    page.goto(f"{city.url}/networks")
    page.get_by_test_id("network-add").click()
    form = page.get_by_test_id("network")
    fill(form, "名称", "手工网络")
    choose(page, form, "类型", "隔离网络")
    fill(form, "CIDR", "10.99.0.0/33")
    page.get_by_test_id("network-submit").click()
    expect(form.get_by_role("alert").first).to_be_visible()
    picture(page, "network-form-zh-dark")
    fill(form, "CIDR", "10.99.0.0/24")
    submitted(page, "network")
    page.locator("main tbody tr").filter(has_text="手工网络").get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text("10.99.0.1")
    picture(page, "network-zh-dark")
    page.get_by_test_id("network-delete").click()
    confirm_by_name(page, "手工网络")
    expect(page.locator("main h1")).to_have_text("网络")
    expect(page.locator("main tbody tr").filter(has_text="手工网络")).to_have_count(0, timeout=SLOW_MS)


def test_the_rules_of_a_security_group(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator", language="en")
    project = ask(page, city, "/projects?limit=1")["items"][0]["name"]
    page.goto(f"{city.url}/security-groups")
    page.get_by_test_id("group-add").click()
    form = page.get_by_test_id("group")
    choose(page, form, "Project", project)
    fill(form, "Name", "by hand")
    form.get_by_role("button", name="HTTPS").click()
    picture(page, "group-form-en-light")
    submitted(page, "group")

    page.get_by_test_id("list-search").fill("by hand")
    page.get_by_role("link", name="by hand", exact=True).click()
    rules = page.locator("main section").filter(has=page.get_by_role("heading", name="Rules"))
    expect(rules.locator("tbody tr")).to_have_count(2)
    rules.get_by_role("button", name="PostgreSQL").click()
    peer = rules.get_by_label("Peer (CIDR)").last
    peer.fill("10.8.0.0/99")
    page.get_by_test_id("group-apply").click()
    expect(page.get_by_test_id("problem")).to_be_visible()
    picture(page, "group-problem-en-light")
    peer.fill("10.8.0.0/16")
    page.get_by_test_id("group-apply").click()
    expect(page.get_by_test_id("group-apply")).to_have_count(0)
    in_state(page, "group-state", "active")
    page.reload()
    expect(rules.locator("tbody tr")).to_have_count(3)
    page.get_by_test_id("group-delete").click()
    confirm_by_name(page, "by hand")
    expect(page.locator("main h1")).to_have_text("Security groups")


def test_an_operation_is_tried_again_and_another_called_off(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator", language="en")
    failed = ask(page, city, "/operations?state=failed&kind=volume.grow&limit=1")["items"][0]["id"]
    page.goto(f"{city.url}/operations/{failed}")
    in_state(page, "operation-state", "failed")
    # Growth is asked for again, not repeated.
    expect(page.get_by_test_id("operation-retry")).to_have_count(0)

    up = {host["id"] for host in ask(page, city, "/hosts?health=up&limit=200")["items"]}
    stopped = ask(page, city, "/instances?state=stopped&limit=200")["items"]
    one = next(each for each in stopped if each["host"]["id"] in up)
    disturb(city, "fail.permanent.create_snapshot=1")
    page.goto(f"{city.url}/instances/{one['id']}?tab=snapshots")
    act(page, "snapshot")
    fill(page.get_by_test_id("snapshot"), "Name", "never mind")
    submitted(page, "snapshot")
    page.get_by_test_id("toast").get_by_role("link").click()
    in_state(page, "operation-state", "failed")
    picture(page, "operation-failed-en-light")

    disturb(city, "fail.permanent.create_snapshot=0")
    page.get_by_test_id("operation-retry").click()
    in_state(page, "operation-state", "succeeded")

    # The guest takes its time to power off, so that there is time to think again.
    disturb(city, "shutdown=60")
    one = machine(page, city, 3)
    page.goto(f"{city.url}/instances/{one['id']}")
    act(page, "resize")
    choose(page, page.get_by_test_id("resize"), "Flavor", "通用型-4C8G")
    submitted(page, "resize")
    page.get_by_test_id("toast").get_by_role("link").click()
    page.get_by_test_id("operation-cancel").click()
    disturb(city, "shutdown=4")
    in_state(page, "operation-state", "cancelled")
    picture(page, "operation-cancelled-en-light")


def disturb(city: City, *switches: str) -> None:
    """Flip switches of the simulated clouds behind the city."""
    for cloud in city.clouds():
        for switch in switches:
            apply(cloud, switch)
