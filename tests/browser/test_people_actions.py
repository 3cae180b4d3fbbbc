"""What administrators do by hand: quotas, accounts, departments, projects, applications."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import City, Open, Picture
from tests.browser.hands import ask, choose, confirm_by_name, fill, in_state, submitted


def test_a_quota_is_raised_where_it_stands(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("sysadmin", language="zh")
    page.goto(f"{city.url}/quotas")
    node = ask(page, city, "/quotas/tree")[0]["children"][0]
    line = next(one for one in node["resources"] if one["resource"] == "instances")
    cell = page.locator("td").filter(has=page.get_by_test_id(f"quota-{node['department']['id']}-instances"))
    edit = page.get_by_test_id(f"quota-{node['department']['id']}-instances")

    edit.click()
    limit = page.get_by_test_id("quota-limit").locator("visible=true")
    limit.fill("99999999")
    page.get_by_test_id("quota-save").locator("visible=true").click()
    expect(page.get_by_test_id("problem").locator("visible=true")).to_be_visible()
    picture(page, "quota-edit-zh-light")
    limit.fill(str(line["limit"] + 1))
    page.get_by_test_id("quota-save").locator("visible=true").click()
    expect(cell).to_contain_text(f"/ {line['limit'] + 1:,}")


def test_an_account_from_its_first_password_to_its_end(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("sysadmin", language="en", theme="dark")
    page.goto(f"{city.url}/people")
    page.get_by_test_id("add-user").click()
    form = page.get_by_test_id("user")
    fill(form, "User name", "byhand")
    fill(form, "Name", "By Hand")
    choose(page, form, "Department", "民政局")
    picture(page, "user-form-en-dark")
    page.get_by_test_id("user-submit").click()
    expect(page.get_by_test_id("one-time-password")).not_to_be_empty()
    page.get_by_test_id("user-submit").click()

    page.get_by_test_id("list-search").fill("byhand")
    page.get_by_role("button", name="By Hand").click()
    in_state(page, "user-state", "active")
    page.get_by_test_id("user-reset").click()
    password = page.get_by_test_id("one-time-password")
    expect(password).not_to_be_empty()
    picture(page, "user-en-dark")
    secret = password.inner_text().strip()
    page.get_by_test_id("user-disable").click()
    in_state(page, "user-state", "disabled")

    other = open_page(language="en")
    other.goto(city.url)
    other.get_by_test_id("username").fill("byhand")
    other.get_by_test_id("password").fill(secret)
    other.get_by_test_id("sign-in-submit").click()
    expect(other.get_by_test_id("problem")).to_be_visible()
    page.get_by_test_id("user-enable").click()
    in_state(page, "user-state", "active")
    other.get_by_test_id("password").fill(secret)
    other.get_by_test_id("sign-in-submit").click()
    expect(other.get_by_test_id("password-form")).to_be_visible()


def test_a_department_a_project_and_an_application(city: City, open_page: Open, picture: Picture) -> None:
    page = open_page("sysadmin", language="zh", theme="dark")
    page.goto(f"{city.url}/people")
    page.get_by_test_id("add-department").click()
    form = page.get_by_test_id("department")
    choose(page, form, "上级单位", "民政局")
    choose(page, form, "类别", "处室")
    fill(form, "编码", "mzj-byhand3")
    fill(form, "名称", "亲手处")
    picture(page, "department-form-zh-dark")
    submitted(page, "department")

    page.goto(f"{city.url}/projects?tab=projects")
    page.get_by_test_id("add-project").click()
    form = page.get_by_test_id("project")
    choose(page, form, "委办局", "亲手处")
    fill(form, "名称", "亲手项目")
    submitted(page, "project")
    page.get_by_test_id("list-search").fill("亲手项目")
    expect(page.locator("main tbody tr").filter(has_text="亲手项目")).to_contain_text("亲手处")

    page = open_page("minzheng", language="zh", theme="light")
    page.goto(f"{city.url}/projects")
    page.get_by_test_id("add-application").click()
    form = page.get_by_test_id("application")
    choose(page, form, "项目", "亲手项目")
    fill(form, "名称", "亲手系统")
    choose(page, form, "等保级别", "3 级")
    picture(page, "application-form-zh-light")
    submitted(page, "application")
    page.get_by_test_id("list-search").fill("亲手系统")
    expect(page.locator("main tbody tr").filter(has_text="亲手系统")).to_contain_text("3 级")

    page = open_page("sysadmin", language="zh")
    page.goto(f"{city.url}/projects?tab=projects")
    page.get_by_test_id("list-search").fill("亲手项目")
    page.get_by_test_id("close-亲手项目").click()
    picture(page, "project-close-zh-light")
    confirm_by_name(page, "亲手项目")
    expect(page.get_by_test_id("close-亲手项目")).to_have_count(0)
