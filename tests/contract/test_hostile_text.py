"""Every text that a user types, at once, on every cloud whose guests cost nothing: it comes back, or is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egovcloud.domain.errors import Problem
from egovcloud.drivers.base import Capability, InstanceSpec, OwnedKind
from tests.contract.adapter import Cloud, new_id, problem_of
from tests.contract.marks import needs
from tests.support.hostile import BEYOND, TEXTS

# Half a character is no Unicode: no request can carry it here.
_TEXTS = {kind: text for kind, text in TEXTS.items() if "\ud800" not in text}
_REFUSED = "\0\x07\x08\x1b\ufffe"  # what XML cannot carry may be dropped from a name that is only shown


def _shown(text: str) -> str:
    return "".join(char for char in text if char not in _REFUSED)


def _instance(cloud: Cloud, text: str) -> InstanceSpec:
    """One whose every text is this one, on a network and behind a group of the same name."""
    network = cloud.network(name=text) if cloud.has_networks else None
    groups = (cloud.group(name=text),) if cloud.has(Capability.SECURITY_GROUP) else ()
    return cloud.instance(
        name=text,
        image=replace(cloud.image(), id=new_id(), name=text),
        nics=(cloud.nic(network, *groups),) if network else (),
        ssh_keys=(f"ssh-ed25519 AAAA {' '.join(text.split())}",),
        user_data=text or None,
    )


def _strays(cloud: Cloud) -> set[str]:
    return {stray.external_id for stray in cloud.driver.list_unmanaged(cloud.host, within=cloud.limit)}


@needs("quick")
@pytest.mark.parametrize("kind", _TEXTS)
def test_texts_stay_texts(cloud: Cloud, kind: str) -> None:
    strays, text = _strays(cloud), _TEXTS[kind]
    spec = _instance(cloud, text)
    (listed,) = cloud.owned(OwnedKind.INSTANCE, spec.id)
    assert listed.name in (text, _shown(text))
    assert cloud.facts(spec).vcpus == spec.vcpus
    for nic in spec.nics:
        assert len(cloud.owned(OwnedKind.NETWORK, nic.network.id)) == 1
    assert _strays(cloud) == strays


@needs("quick")
def test_ten_megabytes_are_kept_or_refused_in_a_sentence(cloud: Cloud) -> None:
    text = "长" * (BEYOND // 3)
    refused = problem_of(lambda: _instance(cloud, text))
    if refused is None:
        assert text in [owned.name for owned in cloud.driver.list_owned(cloud.host, within=cloud.limit)]
    else:
        assert refused.kind == "permanent"
        assert len(refused.text()) < 1000
        assert not [owned for owned in cloud.driver.list_owned(cloud.host, within=cloud.limit) if owned.name == text]


@needs("quick")
@pytest.mark.parametrize("field", ["host", "pool"])
def test_a_place_that_is_not_configured_is_named(cloud: Cloud, field: str) -> None:
    for text in _TEXTS.values():
        spec = cloud.volume_spec(**{field: text})
        with pytest.raises(Problem) as caught:
            cloud.driver.create_volume(spec, within=cloud.limit)
        assert caught.value.code == f"{field}.absent"
