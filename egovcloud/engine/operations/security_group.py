"""Security groups: new rules reach every host where the group guards something; deletion reaches all."""

from __future__ import annotations

from sqlalchemy import select

from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind
from egovcloud.engine.operations.common import SHORT, fail_subject
from egovcloud.engine.operations.everywhere import mark, remove
from egovcloud.engine.specs import security_group_spec
from egovcloud.store.models import Instance, InstanceSecurityGroup, SecurityGroup


def apply(run: Run) -> Result:
    """Idempotent: the whole set of rules replaces the old one on each host."""
    with run.database.read() as session:
        spec = security_group_spec(session, session.get_one(SecurityGroup, run.subject_id))
        where = (
            select(Instance.host_id)
            .join(InstanceSecurityGroup, InstanceSecurityGroup.instance_id == Instance.id)
            .where(InstanceSecurityGroup.security_group_id == run.subject_id, Instance.host_id.is_not(None))
            .distinct()
        )
        host_ids = [id_ for id_ in session.scalars(where) if id_]
    for host_id in host_ids:
        driver, host = run.providers.of_host(host_id)
        driver.ensure_security_group(host, spec, within=SHORT)
    return {"hosts": len(host_ids)}


def delete(run: Run) -> Result:
    return remove(lambda driver, host, _: driver.delete_security_group(host, run.subject_id, within=SHORT), run)


KINDS = (
    OperationKind(
        "security_group.apply",
        "security_group",
        (StepKind("apply", effect=apply, record=mark(SecurityGroup, "ready", final=False)),),
        seconds=600,
        on_failure=fail_subject(SecurityGroup),
        cancellable=False,
    ),
    OperationKind(
        "security_group.delete",
        "security_group",
        (StepKind("delete", effect=delete, record=mark(SecurityGroup, "deleted", final=True)),),
        seconds=600,
        on_failure=fail_subject(SecurityGroup),
        cancellable=False,
    ),
)
