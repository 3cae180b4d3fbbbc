"""libvirt's error codes in our kinds of failure; the one place where both are known.

Codes: https://libvirt.org/html/libvirt-virterror.html
"""

from __future__ import annotations

import libvirt

from egovcloud.domain.errors import Conflict, Forbidden, NotFound, Permanent, Problem, Transient, Unsupported
from egovcloud.drivers.libvirt.markup import printable

_ABSENT = frozenset(
    {
        libvirt.VIR_ERR_NO_DOMAIN,
        libvirt.VIR_ERR_NO_NETWORK,
        libvirt.VIR_ERR_NO_STORAGE_POOL,
        libvirt.VIR_ERR_NO_STORAGE_VOL,
        libvirt.VIR_ERR_NO_NWFILTER,
        libvirt.VIR_ERR_NO_DOMAIN_SNAPSHOT,
        libvirt.VIR_ERR_NO_DOMAIN_METADATA,
        libvirt.VIR_ERR_NO_NETWORK_PORT,
    }
)
_UNREACHABLE = frozenset({libvirt.VIR_ERR_NO_CONNECT, libvirt.VIR_ERR_RPC, libvirt.VIR_ERR_INVALID_CONN})
_BUSY = frozenset(
    {
        libvirt.VIR_ERR_OPERATION_TIMEOUT,
        libvirt.VIR_ERR_AGENT_UNRESPONSIVE,
        libvirt.VIR_ERR_RESOURCE_BUSY,
        libvirt.VIR_ERR_BLOCK_COPY_ACTIVE,
        libvirt.VIR_ERR_AGENT_UNSYNCED,
    }
)
_STATE = frozenset({libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_DOM_EXIST, libvirt.VIR_ERR_STORAGE_VOL_EXIST})
_UNSUPPORTED = frozenset(
    {
        libvirt.VIR_ERR_NO_SUPPORT,
        libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
        libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED,
        libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
    }
)
_REFUSED = frozenset({libvirt.VIR_ERR_AUTH_FAILED, libvirt.VIR_ERR_ACCESS_DENIED, libvirt.VIR_ERR_OPERATION_DENIED})
_LOST = ("client socket is closed", "end of file while reading", "cannot recv data", "keepalive", "connection reset")


def code(error: libvirt.libvirtError) -> int:
    """libvirt's number of ``error``; -1 when the binding raised it without one."""
    number = error.get_error_code()
    return -1 if number is None else int(number)


def is_absent(error: libvirt.libvirtError) -> bool:
    """Whether the host *answered* that there is no such thing."""
    return code(error) in _ABSENT


def is_lost(error: libvirt.libvirtError) -> bool:
    """Whether the connection, rather than the call, has failed."""
    if code(error) in _UNREACHABLE:
        return True
    text = (error.get_error_message() or "").lower()
    return code(error) in {libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_ERR_SYSTEM_ERROR} and any(
        part in text for part in _LOST
    )


def translate(error: libvirt.libvirtError, host: str) -> Problem:
    """The failure as the floors above know it."""
    number = code(error)
    detail = printable(error.get_error_message() or str(error), 400)
    if is_lost(error):
        return Transient("driver.unreachable", host=host, detail=detail, retry_after=2.0)
    if number in _BUSY:
        return Transient("driver.busy", host=host, detail=detail, retry_after=2.0)
    for codes, kind in (
        (_ABSENT, NotFound),
        (_STATE, Conflict),
        (_UNSUPPORTED, Unsupported),
        (_REFUSED, Forbidden),
    ):
        if number in codes:
            return kind("driver.failed", host=host, detail=detail)
    return Permanent("driver.failed", host=host, detail=detail)
