"""Who may do what: roles as sets of permissions, granted at a department and valid in its whole subtree.

A permission is ``noun:verb``. A grant at the root of the tree is a centre-wide grant; there is no other notion of
"administrator". The three administrators of GB/T 22239-2019 (系统, 安全, 审计) are three roles that no account may
hold two of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

NOUNS_READ = (
    "department project application flavor image network security_group instance volume snapshot volume_snapshot "
    "bucket bucket_key ssh_key request quota operation event zone drift floating_address"
).split()

# Whoever asks for a machine may name the zone it goes to, so that zones are no secret of the centre.
_READ = frozenset(f"{noun}:read" for noun in NOUNS_READ)
_SELF_SERVICE = frozenset(
    """
    request:create request:submit request:withdraw
    instance:start instance:stop instance:reboot instance:shelve instance:screen instance:update
    volume:attach volume:detach volume:update
    floating_address:associate floating_address:disassociate
    snapshot:create snapshot:revert snapshot:delete
    volume_snapshot:create volume_snapshot:delete
    bucket:upload bucket:download
    ssh_key:create ssh_key:delete
    security_group:create security_group:update security_group:delete
    application:create application:update
    """.split()
)
_DESTRUCTIVE = frozenset("instance:delete instance:rebuild volume:delete bucket:delete floating_address:delete".split())
_GROWTH = frozenset(
    "instance:create instance:resize volume:create volume:grow bucket:create bucket:update "
    "floating_address:create".split()
)
# A key outlives the session of whoever made it, and opens what it opens for anybody who has it.
_KEYS = frozenset("bucket_key:create bucket_key:delete".split())
_CENTRE = frozenset(
    """
    host:read host:update provider:read provider:update storage_pool:read site:read host_pool:read
    placement:preview metrics:read
    unmanaged:read adoption:create instance:release volume:release
    instance:migrate operation:retry operation:cancel
    image:create image:update image:delete flavor:create flavor:update flavor:delete
    network:create network:update network:delete
    project:create project:update project:delete
    drift:accept drift:repair drift:set
    """.split()
)
_SYSTEM = frozenset(
    """
    provider:create provider:delete site:create site:update site:delete zone:create zone:update zone:delete
    host_pool:create host_pool:update host_pool:delete storage_pool:update
    department:create department:update user:read user:create user:update user:disable
    quota:set chain:read chain:set
    """.split()
)
_SECURITY = frozenset("grant:read grant:create grant:delete user:read user:unlock session:read session:revoke".split())
_AUDIT = frozenset("audit:read audit:export user:read grant:read".split())

ROLES: Mapping[str, frozenset[str]] = {
    "viewer": _READ,
    "member": _READ | _SELF_SERVICE,
    "department_approver": _READ | {"request:approve"},
    "department_admin": _READ
    | _SELF_SERVICE
    | _DESTRUCTIVE
    | frozenset(
        "request:approve project:create project:update project:delete "
        "user:read user:create user:update grant:read grant:create "
        "grant:delete quota:set department:create department:update audit:read "
        "bucket:create bucket:update floating_address:create".split()
    )
    | _KEYS,
    "centre_approver": _READ
    | _CENTRE & frozenset("host:read storage_pool:read placement:preview".split())
    | {"request:approve"},
    "operator": _READ | _SELF_SERVICE | _DESTRUCTIVE | _GROWTH | _KEYS | _CENTRE | {"request:approve"},
    "system_admin": _READ | _CENTRE | _SYSTEM,
    "security_admin": frozenset({"department:read", "event:read"}) | _SECURITY,
    "audit_admin": frozenset({"department:read", "event:read"}) | _AUDIT,
}

PERMISSIONS: frozenset[str] = frozenset().union(*ROLES.values())

# GB/T 22239-2019 8.1.4: system, security and audit administration are three people.
EXCLUSIVE_ROLES: frozenset[str] = frozenset({"system_admin", "security_admin", "audit_admin"})


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Union of the permissions of ``roles``; an unknown role grants nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))
