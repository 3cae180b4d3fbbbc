"""Object storage in the console: a bucket is made, filled, browsed, and deleted with what it holds."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import City, Open, Picture
from tests.browser.hands import SLOW_MS, ask, choose, fill, in_state, submitted
from tests.browser.test_pages import _violations

PART = 8 * 1024 * 1024


def _new_bucket(page: Page, city: City, name: str, english: bool = False) -> None:
    """Make one and open its page."""
    words = ("Project", "Name") if english else ("项目", "名称")
    project = ask(page, city, "/projects?limit=1")["items"][0]["name"]
    page.goto(f"{city.url}/buckets")
    page.get_by_test_id("bucket-add").click()
    form = page.get_by_test_id("bucket")
    fill(form, words[1], name)
    choose(page, form, words[0], project)
    submitted(page, "bucket")
    page.get_by_role("link", name=name).click(timeout=SLOW_MS)
    in_state(page, "bucket-state", "available")


def _arrived(page: Page, key: str) -> None:
    expect(page.get_by_test_id("objects").get_by_role("link", name=key, exact=True)).to_be_visible(timeout=SLOW_MS)


def test_a_bucket_from_birth_to_death(city: City, open_page: Open, picture: Picture, tmp_path: Path) -> None:
    page = open_page("operator")
    _new_bucket(page, city, "测试档案")
    (tmp_path / "说明.txt").write_text("低保档案", encoding="utf-8")
    (tmp_path / "大文件.bin").write_bytes(b"x" * (PART + 1234))
    page.get_by_test_id("upload-files").set_input_files([tmp_path / "说明.txt", tmp_path / "大文件.bin"])
    _arrived(page, "说明.txt")
    _arrived(page, "大文件.bin")
    expect(page.get_by_test_id("upload-task").nth(1)).to_have_attribute("data-state", "done")
    picture(page, "bucket-zh-light")
    assert _violations(page) == []
    with page.expect_download() as coming:
        page.get_by_test_id("objects").get_by_role("link", name="说明.txt", exact=True).click()
    assert coming.value.path().read_text(encoding="utf-8") == "低保档案"
    page.get_by_role("button", name="删除 说明.txt").click()
    page.get_by_test_id("danger-name").fill("说明.txt")
    page.get_by_test_id("danger-submit").click()
    expect(page.get_by_test_id("objects").get_by_role("link", name="说明.txt", exact=True)).to_have_count(0)
    page.get_by_test_id("key-add").click()
    page.get_by_test_id("key-name").fill("备份程序")
    page.get_by_test_id("key-writes").click()
    submitted(page, "key")
    expect(page.get_by_test_id("key-secret")).to_have_text(re.compile(r"\S{20,}"))
    expect(page.get_by_test_id("key-备份程序")).to_contain_text("读写")
    page.get_by_role("button", name="吊销 备份程序").click()
    page.get_by_test_id("danger-name").fill("备份程序")
    page.get_by_test_id("danger-submit").click()
    expect(page.get_by_test_id("key-备份程序")).to_have_count(0, timeout=SLOW_MS)
    page.get_by_test_id("bucket-edit").click()
    page.get_by_test_id("bucket-quota").get_by_role("spinbutton").fill("7")
    submitted(page, "bucket")
    expect(page.locator("main")).to_contain_text(re.compile(r"/ 7 GiB"), timeout=SLOW_MS)
    in_state(page, "bucket-state", "available")
    page.get_by_test_id("bucket-delete").click()
    page.get_by_test_id("bucket-contents").click()
    page.get_by_test_id("danger-name").fill("测试档案")
    page.get_by_test_id("danger-submit").click()
    in_state(page, "bucket-state", "deleted")


def test_an_upload_goes_on_where_it_broke_off(city: City, open_page: Open, picture: Picture, tmp_path: Path) -> None:
    page = open_page("operator", language="en", theme="dark")
    _new_bucket(page, city, "resumed", english=True)
    (tmp_path / "three.bin").write_bytes(b"y" * (2 * PART + 99))
    sent: list[str] = []

    def count(request: Request) -> None:
        if request.method == "PUT" and "/parts/" in request.url:
            sent.append(request.url.rpartition("/")[2])

    def cut(route: Route) -> None:
        route.abort("connectionreset")

    page.on("request", count)
    page.route("**/parts/2", cut)
    page.get_by_test_id("upload-files").set_input_files(tmp_path / "three.bin")
    task = page.get_by_test_id("upload-task")
    expect(task).to_have_attribute("data-state", "failed", timeout=SLOW_MS)
    picture(page, "bucket-upload-en-dark")
    assert _violations(page) == []
    # Whoever comes back to the page is told of it, and choosing the same file goes on.
    page.unroute("**/parts/2", cut)
    page.reload()
    expect(page.get_by_test_id("upload-left")).to_contain_text("1 of 3")
    page.get_by_test_id("upload-files").set_input_files(tmp_path / "three.bin")
    _arrived(page, "three.bin")
    assert sent == ["1", "2", "2", "3"]
    expect(page.get_by_test_id("upload-left")).to_have_count(0)


def test_the_archives_of_the_city(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("operator")
    page.goto(f"{city.url}/buckets")
    page.get_by_role("link", name="医学影像归档").click()
    expect(page.get_by_test_id("bucket-state")).to_have_attribute("data-state", "available")
    objects = page.get_by_test_id("objects")
    objects.get_by_role("link", name="影像/").click()
    expect(objects.get_by_role("navigation")).to_contain_text("影像")
    expect(objects.get_by_role("row").nth(1)).to_contain_text("2026/")
    picture(page, "bucket-archive-zh-light")
    objects.get_by_role("link", name="医学影像归档").click()
    expect(objects.get_by_role("link", name="影像/")).to_be_visible()
