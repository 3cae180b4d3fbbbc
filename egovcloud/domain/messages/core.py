"""What the house itself says: states, quotas, placement, operations."""

SENTENCES: dict[str, tuple[str, str]] = {
    "state.refused": (
        "This {noun} is {state}, so that “{event}” is not possible now; possible are: {allowed}.",
        "该对象（{noun}）当前状态为 {state}，不能执行 {event}；当前可执行：{allowed}。",
    ),
    "state.changed": (
        "This {noun} was changed by someone else at the same moment; look at it again and repeat.",
        "该对象（{noun}）刚被他人更改，请刷新后重试。",
    ),
    "row.changed": (
        "This {noun} was changed by someone else at the same moment; look at it again and repeat.",
        "该对象（{noun}）刚被他人更改，请刷新后重试。",
    ),
    "quota.exceeded": (
        "{department} has a quota of {limit} {resource}, {used} are used or reserved, and {asked} more were asked for; "
        "ask for less, return something, or have the quota raised.",
        "{department} 的 {resource} 配额为 {limit}，已用和预留共 {used}，本次需要 {asked}；请减少申请、归还资源或申请调整配额。",
    ),
    "placement.none": (
        "No host can take {vcpus} vCPU, {memory_mib} MiB of memory and {disk_gib} GiB of disk: {reasons}. "
        "Ask for less, or have capacity added.",
        "没有宿主机可以提供 {vcpus} vCPU、{memory_mib} MiB 内存和 {disk_gib} GiB 磁盘：{reasons}。请减少申请或联系中心扩容。",
    ),
    "placement.conflict": (
        "Host {host} was taken by another request at the same moment; placing again.",
        "宿主机 {host} 的容量刚被其他作业占用，正在重新放置。",
    ),
    "pool.full": (
        "Storage pool {pool} can promise {free} GiB more, {asked} were asked for; ask for less or have the pool grown.",
        "存储池 {pool} 还可分配 {free} GiB，本次需要 {asked} GiB；请减少申请或联系中心扩容。",
    ),
    "operation.deadline": (
        "The operation was not finished by {deadline} and was undone; retry it when the cause is mended: {last}",
        "作业未能在 {deadline} 前完成，已撤销；排除原因后可重试：{last}",
    ),
    "operation.not_retryable": (
        "An operation of kind {kind} cannot be retried; ask for the action again.",
        "类型为 {kind} 的作业不能重试，请重新发起该操作。",
    ),
    "operation.not_cancellable": (
        "An operation of kind {kind} cannot be cancelled once it was asked for.",
        "类型为 {kind} 的作业一经发起不能取消。",
    ),
    "operation.cancelled": ("The operation was cancelled by {actor}.", "作业已被 {actor} 取消。"),
    "operation.dependency": (
        "Operation {needs} that this one waits for did not succeed; retry that one first.",
        "所依赖的作业 {needs} 没有成功，请先重试该作业。",
    ),
    "operation.unknown_kind": (
        "This version does not know operations of kind {kind}; upgrade the worker.",
        "当前版本不认识作业类型 {kind}，请升级工作进程。",
    ),
    "operation.children": (
        "{failed} of {total} parts failed: {first}",
        "{total} 个子作业中有 {failed} 个失败：{first}",
    ),
    "operation.attempts": (
        "Tried {attempts} times without success; the last answer was: {last}",
        "已尝试 {attempts} 次仍未成功，最后一次答复：{last}",
    ),
    "instance.not_placed": ("Instance {id} has no host yet.", "云主机 {id} 尚未分配宿主机。"),
    "instance.vanished": (
        "Instance {id} is not on its host any more; rebuild it or delete it.",
        "云主机 {id} 已不在其宿主机上，请重建或删除。",
    ),
    "instance.gone": (
        "Instance {id} was removed from its host by somebody else; rebuild it or delete it.",
        "云主机 {id} 已被他人从宿主机上移除，请重建或删除。",
    ),
    "instance.no_room": (
        "The host has {free_vcpus} vCPU and {free_mib} MiB free, {vcpus} and {memory_mib} more were asked for; "
        "move the instance to another host first, or choose a smaller flavor.",
        "宿主机剩余 {free_vcpus} vCPU、{free_mib} MiB 内存，还需要 {vcpus} vCPU、{memory_mib} MiB；请先迁移到其他宿主机或选择较小规格。",
    ),
    "volume.not_placed": ("Volume {id} has no storage pool yet.", "云硬盘 {id} 尚未分配存储池。"),
    "volume.gone": (
        "Volume {id} was removed from its pool by somebody else; restore it or delete it.",
        "云硬盘 {id} 已被他人从存储池中移除，请恢复或删除。",
    ),
    "internal.error": (
        "Something went wrong inside the control plane; operations staff can find it by the trace id.",
        "控制平面内部出错；运维人员可凭跟踪号查找原因。",
    ),
    "provider.absent": ("Provider {name} is not configured or is disabled.", "云平台 {name} 未配置或已停用。"),
    "address.exhausted": (
        "Network {network} has no free address left out of {total}; use another network or return instances.",
        "网络 {network} 的 {total} 个地址已用完，请换用其他网络或归还云主机。",
    ),
}
