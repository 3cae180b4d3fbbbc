"""What a user typed is data: it comes back as it was, and does nothing on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egovcloud.drivers.base import Capability, OwnedKind, Power
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import proves

HOSTILE = {
    "quotes": '\'; "quoted" `id` $(id) \\',
    "xml": ']]><x a="1">&amp;&lt;!--</domain>',
    "newlines": "first\nsecond\r\n\tthird",
    "templates": "{{ lookup('pipe', 'id') }} {% raw %} ${HOME} %s %(x)s {0}",
    "wide": "社会救助系统 🏛️𠮷𝕏",
    "long": "长" * 255,
    "paths": "../../etc/passwd;rm -rf /",
    "yaml": "#cloud-config\nruncmd: [reboot]\n--- !!python/object:os.system x",
    "spaces": "  leading and trailing  ",
}
_EACH = pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE.items()])


@_EACH
def test_name_of_an_instance_comes_back(cloud: Cloud, text: str) -> None:
    key = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5v0n0cXl1b2V4YW1wbGVrZXkAAAAAAAAAAAAAAAAA {text.splitlines()[0]}"
    image = replace(cloud.image(), id=new_id(), name=text)
    spec = cloud.spec(name=text, ssh_keys=(key,), image=image)
    ref = cloud.driver.create_instance(spec, within=cloud.patience)
    assert cloud.driver.create_instance(spec, within=cloud.patience) == ref
    (listed,) = cloud.owned(OwnedKind.INSTANCE, spec.id)
    assert listed.name == text
    assert cloud.facts(spec).power is Power.RUNNING
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    cloud.driver.delete_image(cloud.host, cloud.pool, image.id, within=cloud.limit)
    assert cloud.owned(OwnedKind.INSTANCE, spec.id) == []


@proves(Capability.VOLUME)
@_EACH
def test_volume_of_any_name_is_found_by_id(cloud: Cloud, text: str) -> None:
    volume = cloud.volume(name=text)
    assert len(cloud.owned(OwnedKind.VOLUME, volume.id)) == 1
    cloud.driver.delete_volume(cloud.host, cloud.pool, volume.id, within=cloud.limit)
    assert cloud.owned(OwnedKind.VOLUME, volume.id) == []


@_EACH
def test_network_and_group_of_any_name_are_found_by_id(cloud: Cloud, text: str) -> None:
    if cloud.has_networks:
        network = cloud.network(name=text)
        first = cloud.driver.ensure_network(cloud.host, network, within=cloud.limit)
        assert cloud.driver.ensure_network(cloud.host, network, within=cloud.limit) == first
        assert len(cloud.owned(OwnedKind.NETWORK, network.id)) == 1
    if cloud.has(Capability.SECURITY_GROUP):
        group = cloud.group(name=text)
        cloud.driver.ensure_security_group(cloud.host, group, within=cloud.limit)
        assert len(cloud.owned(OwnedKind.SECURITY_GROUP, group.id)) == 1
    assert cloud.driver.hosts(within=cloud.limit)
