"""libvirt's codes in our kinds."""

from __future__ import annotations

import libvirt
import pytest

from egovcloud.domain.errors import Conflict, Forbidden, NotFound, Permanent, Problem, Transient, Unsupported
from egovcloud.drivers.libvirt import errors


def _error(code: int, text: str = "because") -> libvirt.libvirtError:
    error = libvirt.libvirtError("call failed")
    error.err = (code, 0, text, 2, "", "", "", -1, -1)
    return error


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        (libvirt.VIR_ERR_NO_DOMAIN, NotFound, "driver.failed"),
        (libvirt.VIR_ERR_NO_STORAGE_VOL, NotFound, "driver.failed"),
        (libvirt.VIR_ERR_RPC, Transient, "driver.unreachable"),
        (libvirt.VIR_ERR_NO_CONNECT, Transient, "driver.unreachable"),
        (libvirt.VIR_ERR_OPERATION_TIMEOUT, Transient, "driver.busy"),
        (libvirt.VIR_ERR_AGENT_UNRESPONSIVE, Transient, "driver.busy"),
        (libvirt.VIR_ERR_OPERATION_INVALID, Conflict, "driver.failed"),
        (libvirt.VIR_ERR_NO_SUPPORT, Unsupported, "driver.failed"),
        (libvirt.VIR_ERR_AUTH_FAILED, Forbidden, "driver.failed"),
        (libvirt.VIR_ERR_INTERNAL_ERROR, Permanent, "driver.failed"),
    ],
)
def test_code_decides_the_kind(code: int, kind: type[Problem], sentence: str) -> None:
    problem = errors.translate(_error(code), "hv1")
    assert type(problem) is kind
    assert problem.code == sentence
    for language in ("en", "zh"):
        assert "because" in problem.text(language)
        assert "hv1" in problem.text(language)


@pytest.mark.parametrize("text", ["client socket is closed", "End of file while reading data: Input/output error"])
def test_lost_connection_is_transient_whatever_its_code(text: str) -> None:
    for code in (libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_ERR_SYSTEM_ERROR):
        assert errors.is_lost(_error(code, text))
        assert isinstance(errors.translate(_error(code, text), "hv1"), Transient)


def test_only_an_answer_is_absence() -> None:
    assert errors.is_absent(_error(libvirt.VIR_ERR_NO_DOMAIN))
    assert not errors.is_absent(_error(libvirt.VIR_ERR_RPC))
    assert errors.code(libvirt.libvirtError("without a number")) == -1
    assert not errors.is_absent(libvirt.libvirtError("without a number"))
