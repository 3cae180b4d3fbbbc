"""What every cloud may answer about the things that it holds."""

SENTENCES: dict[str, tuple[str, str]] = {
    "image.absent": (
        "Image {id} is not in pool {pool} of host {host}; copy it there first.",
        "宿主机 {host} 的存储池 {pool} 中没有镜像 {id}，请先分发镜像。",
    ),
    "network.absent": (
        "Network {id} does not exist on host {host}; create it there first.",
        "宿主机 {host} 上没有网络 {id}，请先创建。",
    ),
    "network.in_use": (
        "Network {id} still has {count} port(s) on host {host}; delete those instances first.",
        "网络 {id} 在宿主机 {host} 上仍有 {count} 个端口，请先删除相关云主机。",
    ),
    "security_group.absent": (
        "Security group {id} does not exist on host {host}; create it there first.",
        "宿主机 {host} 上没有安全组 {id}，请先创建。",
    ),
    "security_group.in_use": (
        "Security group {id} still guards {count} port(s) on host {host}; delete those instances first.",
        "安全组 {id} 在宿主机 {host} 上仍用于 {count} 个端口，请先删除相关云主机。",
    ),
    "address.in_use": (
        "Address {address} on network {network} of host {host} belongs to instance {instance}; choose another one.",
        "宿主机 {host} 上网络 {network} 的地址 {address} 已分配给云主机 {instance}，请另选地址。",
    ),
    "instance.stopped": (
        "Instance {id} is not running; start it first.",
        "云主机 {id} 未在运行，请先开机。",
    ),
    "instance.has_snapshots": (
        "Instance {id} has {count} snapshot(s); delete them before it moves.",
        "云主机 {id} 有 {count} 个快照，迁移前请先删除。",
    ),
    "snapshot.mixed": (
        "Instance {instance} has snapshots of the other form; delete them before you take one of this form.",
        "云主机 {instance} 已有另一种形式的快照，请先删除后再创建。",
    ),
    "snapshot.newer": (
        "Instance {instance} has newer snapshots than {id}; delete them before you go back to it.",
        "云主机 {instance} 有比 {id} 更新的快照，请先删除后再回滚。",
    ),
    "snapshot.firmware": (
        "Instance {instance} boots by UEFI, which an internal snapshot cannot keep; take an external one.",
        "云主机 {instance} 以 UEFI 启动，内部快照无法保存其固件变量，请改用外部快照。",
    ),
    "volume.has_snapshots": (
        "Volume {id} belongs to a snapshot of instance {instance}; delete the snapshot before you detach it.",
        "云硬盘 {id} 包含在云主机 {instance} 的快照中，请先删除快照再卸载。",
    ),
    "migration.same_storage": (
        "Pool {pool} of host {host} lies on the same storage as the source; move the instance without a copy.",
        "宿主机 {host} 的存储池 {pool} 与源端是同一存储，请使用共享存储方式迁移。",
    ),
    "host.full": (
        "Host {host} has {free} {resource} left and {wanted} are needed; choose another host.",
        "宿主机 {host} 的 {resource} 剩余 {free}，需要 {wanted}；请另选宿主机。",
    ),
    "pool.no_space": (
        "Storage pool {pool} of host {host} has {free} GiB left and {wanted} GiB are needed; choose another pool.",
        "宿主机 {host} 的存储池 {pool} 剩余 {free} GiB，需要 {wanted} GiB；请另选存储池。",
    ),
    "driver.foreign": (
        "Object {external_id} on host {host} does not bear this installation's mark and is left alone.",
        "宿主机 {host} 上的对象 {external_id} 不带本系统的标记，系统不会改动它。",
    ),
}
