"""What holds of every call alike: an unknown host is named, a host that hangs delays only calls to itself."""

from __future__ import annotations

import threading
import time

import pytest

from egovcloud.domain.errors import NotFound, Transient
from tests.contract.adapter import Cloud
from tests.contract.calls import CALLS
from tests.contract.marks import needs, requires

_EACH = [
    pytest.param(name, id=name, marks=[requires(capability)] if capability else [])
    for name, (_, capability) in CALLS.items()
]
SHORT = 0.25
SLACK = 8.0  # of a machine with much else to do; a limit that did not hold would be off by far more


@pytest.mark.parametrize("name", _EACH)
def test_host_that_is_not_configured_is_named(cloud: Cloud, name: str) -> None:
    call = CALLS[name][0](cloud, "no-such-host")
    with pytest.raises(NotFound) as caught:
        call(cloud.limit)
    assert caught.value.code == "host.absent"


@needs("hang")
@pytest.mark.parametrize("name", _EACH)
def test_limit_holds_when_the_host_hangs(cloud: Cloud, name: str) -> None:
    call = CALLS[name][0](cloud, cloud.host)
    with cloud.hanging(cloud.host):
        start = time.monotonic()
        with pytest.raises(Transient) as caught:
            call(SHORT)
        taken = time.monotonic() - start
    assert caught.value.code == "driver.timeout"
    assert SHORT <= taken < SHORT + SLACK


@needs("hang", "hang_alone", "second_host")
def test_hung_host_is_listed_as_unreachable_and_delays_no_other(cloud: Cloud) -> None:
    assert cloud.second
    spec = cloud.spec(host=cloud.second)
    with cloud.hanging(cloud.host):
        waiting = threading.Thread(target=_swallow, args=(cloud,))
        waiting.start()
        start = time.monotonic()
        cloud.driver.create_instance(spec, within=cloud.limit)
        assert cloud.driver.observe_instance(cloud.second, spec.id, within=cloud.limit) is not None
        taken = time.monotonic() - start
        reachable = {host.name: host.reachable for host in cloud.driver.hosts(within=SHORT)}
        waiting.join()
    assert taken < cloud.limit / 2
    assert reachable[cloud.host] is False
    assert reachable[cloud.second] is True


def _swallow(cloud: Cloud) -> None:
    with pytest.raises(Transient):
        cloud.driver.list_owned(cloud.host, within=1.0)


@needs("hang")
def test_silence_is_never_absence(cloud: Cloud) -> None:
    spec = cloud.instance()
    with cloud.hanging(cloud.host), pytest.raises(Transient):
        cloud.driver.observe_instance(cloud.host, spec.id, within=SHORT)
    cloud.wait("the host answers again", lambda: _sees(cloud, spec.id))


def _sees(cloud: Cloud, instance_id: str) -> bool:
    try:
        return cloud.driver.observe_instance(cloud.host, instance_id, within=cloud.limit) is not None
    except Transient:
        return False
