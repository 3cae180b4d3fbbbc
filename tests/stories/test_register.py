"""Departments, projects, applications, flavors and images: made, changed, and refused with a sentence that helps."""

from __future__ import annotations

from typing import Any

from tests.support.town import Town


def test_a_department_grows_its_own_subtree(town: Town) -> None:
    body = {"parent_id": town.ids["civil"], "code": "civil-aid", "name": "社会救助处", "kind": "office"}
    made = town.civil_admin.call("POST", "/departments", body)
    assert made.status_code == 201, made.get_data(as_text=True)
    shown = made.get_json()
    assert (shown["path"], shown["parent"]["name"]) == ("/city/civil/civil-aid/", "民政局")
    assert made.headers["ETag"] == '"1"'
    assert town.civil_admin.refused("POST", "/departments", body)[:2] == (409, "name.taken")
    elsewhere = {**body, "parent_id": town.ids["market"], "code": "other"}
    assert town.civil_admin.refused("POST", "/departments", elsewhere)[:2] == (422, "input.reference")
    wrong = {**body, "code": "b", "kind": "bureau"}
    assert town.civil_admin.refused("POST", "/departments", wrong)[:2] == (422, "department.kind")
    assert town.civil_member.refused("POST", "/departments", {**body, "code": "c"})[:2] == (403, "auth.forbidden")
    town.machine("one")
    tree = town.civil_admin.get("/departments/tree")
    assert [(node["code"], node["instances"]) for node in tree] == [("civil", 1)]
    assert {child["code"] for child in tree[0]["children"]} == {"civil-it", "civil-aid"}


def test_a_rename_needs_what_was_seen(town: Town) -> None:
    path = f"/departments/{town.ids['civil-it']}"
    assert town.civil_admin.refused("PATCH", path, {"name": "科技处"}, If_Match='"7"')[:2] == (
        412,
        "precondition.failed",
    )
    done = town.civil_admin.call("PATCH", path, {"name": "科技处"}, If_Match='"1"')
    assert (done.status_code, done.headers["ETag"], done.get_json()["name"]) == (200, '"2"', "科技处")
    assert town.civil_admin.refused("PATCH", path, {"name": "科\n技"})[0] == 422
    assert town.civil_admin.refused("PATCH", path, {"name": "  "})[0] == 422
    assert town.civil_admin.refused("PATCH", path, {"name": "\u202eevil"})[:2] == (422, "input.name")


def test_projects_and_applications(town: Town) -> None:
    member, admin = town.civil_member, town.civil_admin
    project = admin.call("POST", "/projects", {"department_id": town.ids["civil"], "name": "养老服务"}).get_json()
    assert admin.refused("POST", "/projects", {"department_id": town.ids["civil"], "name": "养老服务"})[0] == 409
    body = {"project_id": project["id"], "name": "养老平台", "protection_level": 3, "recovery_level": 4, "owner": "王"}
    made = member.call("POST", "/applications", body).get_json()
    assert (made["protection_level"], made["department"]["name"], made["instances"]) == (3, "民政局", 0)
    changed = member.call("PATCH", f"/applications/{made['id']}", {"contact": "8888"}).get_json()
    assert (changed["contact"], changed["owner"], changed["generation"]) == ("8888", "王", 2)
    assert member.refused("PATCH", f"/applications/{made['id']}", {"recovery_level": 7})[0] == 422
    assert member.names(f"/applications?project_id={project['id']}&q=平台") == {"养老平台"}
    foreign = {**body, "project_id": town.ids["project:market"]}
    assert member.refused("POST", "/applications", foreign)[:2] == (422, "input.reference")
    assert town.market_admin.refused("PATCH", f"/applications/{made['id']}", {"owner": "x"})[0] == 404


def test_a_flavor_is_retired_and_offered_again(town: Town) -> None:
    body = {"name": "大型", "vcpus": 64, "memory_mib": 131072, "disk_gib": 200}
    made = town.operator.call("POST", "/flavors", body).get_json()
    assert town.civil_admin.refused("POST", "/flavors", {**body, "name": "x"})[0] == 403
    assert town.operator.refused("POST", "/flavors", body)[:2] == (409, "name.taken")
    assert town.operator.refused("POST", "/flavors", {**body, "name": "y", "vcpus": 100000})[0] == 422
    assert town.operator.refused("POST", "/flavors", {**body, "name": "z", "memory_mib": 1})[:2] == (422, "input.range")
    assert town.operator.call("PATCH", f"/flavors/{made['id']}", {"enabled": False}).get_json()["enabled"] is False
    assert "大型" not in town.civil_member.names("/flavors?enabled=true")
    assert town.civil_member.refused("GET", "/flavors?enabled=maybe")[:2] == (422, "list.flag")


IMAGES: list[tuple[dict[str, Any], str]] = [
    ({"disk": "/etc/shadow"}, "image.path"),
    ({"disk": "{dir}/../secret.key"}, "image.path"),
    ({"disk": "{dir}//a.qcow2"}, "image.path"),
    ({"disk": "{dir}/link.qcow2"}, "image.path"),
    ({"disk": "{dir}"}, "image.path"),
    ({"disk": "a.qcow2"}, "image.path"),
    ({"disk": "{dir}/a\nb"}, "image.path"),
    ({"kernel": "/boot/vmlinuz", "firmware": "direct"}, "image.path"),
    ({"firmware": "direct"}, "image.kernel"),
    ({"cmdline": "quiet"}, "image.no_kernel"),
    ({"visibility": "department"}, "image.department"),
    ({"login_user": "Root;rm"}, "image.login_user"),
    ({"sha256": "A" * 64}, "input.invalid"),
]


def test_images_are_refused(town: Town) -> None:
    (town.image_dir / "link.qcow2").symlink_to(town.settings.key_path)
    directory = str(town.image_dir)
    for change, code in IMAGES:
        filled = {key: value.replace("{dir}", directory) for key, value in change.items()}
        body = {"name": "bad", "disk": f"{directory}/a.qcow2", "sha256": "a" * 64, **filled}
        status, found, sentence = town.operator.refused("POST", "/images", body)
        assert (status, found) == (422, code), change
        assert sentence
    assert town.operator.names("/images") == {"Debian 12"}


def test_an_image_in_use_is_not_deleted(town: Town) -> None:
    town.machine("civil-web")
    image = f"/images/{town.ids['image']}"
    status, code, sentence = town.operator.refused("DELETE", image)
    assert (status, code) == (409, "image.used")
    assert "1 instance" in sentence
    assert town.operator.get(image)["state"] == "active"
    assert town.operator.call("POST", f"{image}/retire").get_json()["state"] == "retired"
    assert town.operator.call("POST", f"{image}/restore").get_json()["state"] == "active"
    assert town.civil_member.refused("POST", f"{image}/retire")[0] == 403
    assert town.civil_member.get(image)["disk"] is None
    assert town.civil_member.get(image)["instances"] is None
    assert town.operator.get(image)["instances"] == 1


def test_deleting_an_image_is_an_operation(town: Town) -> None:
    (town.image_dir / "a.qcow2").write_bytes(b"disk")
    body = {"name": "old", "disk": str(town.image_dir / "a.qcow2"), "sha256": "a" * 64}
    made = town.operator.call("POST", "/images", body).get_json()
    assert made["size_bytes"] == 4
    answer = town.operator.call("DELETE", f"/images/{made['id']}")
    operation = answer.get_json()
    assert (answer.status_code, operation["kind"], operation["subject"]["name"]) == (202, "image.delete", "old")
    assert answer.headers["Location"].endswith(f"/operations/{operation['id']}")
    assert town.operator.get(f"/operations/{operation['id']}")["steps"][0]["state"] == "pending"
    assert town.operator.get(f"/images/{made['id']}")["state"] == "deleting"
