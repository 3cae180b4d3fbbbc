"""What drivers say."""

SENTENCES: dict[str, tuple[str, str]] = {
    "driver.timeout": (
        "Host {host} did not answer within {limit} s; the step is tried again.",
        "宿主机 {host} 在 {limit} 秒内没有应答，稍后自动重试。",
    ),
    "driver.unreachable": (
        "Host {host} cannot be reached: {detail}. Check the host and its management network.",
        "无法连接宿主机 {host}：{detail}。请检查宿主机及其管理网络。",
    ),
    "driver.unsupported": (
        "This cloud does not support {capability}.",
        "该云平台不支持 {capability}。",
    ),
    "driver.failed": (
        "The cloud refused the call on host {host}: {detail}",
        "云平台拒绝了在宿主机 {host} 上的调用：{detail}",
    ),
    "driver.characters": (
        "{name} holds a control character that no cloud can carry; take it out.",
        "{name} 含有云平台无法承载的控制字符，请去掉。",
    ),
    "image.checksum": (
        "Image {name} has SHA-256 {actual} but {expected} was registered; register it again from a trusted source.",
        "镜像 {name} 的 SHA-256 为 {actual}，与登记的 {expected} 不符；请从可信来源重新登记。",
    ),
    "image.in_use": (
        "Image {name} is still the base of {count} disk(s); delete or rebuild those instances first.",
        "镜像 {name} 仍是 {count} 块磁盘的基础；请先删除或重建这些云主机。",
    ),
    "instance.absent": (
        "Instance {id} does not exist on host {host}.",
        "云主机 {id} 在宿主机 {host} 上不存在。",
    ),
    "instance.running": (
        "Instance {id} is running; stop it first.",
        "云主机 {id} 正在运行，请先关机。",
    ),
    "instance.shelved": (
        "Instance {id} is shelved; unshelve it first.",
        "云主机 {id} 已搁置，请先恢复。",
    ),
    "instance.not_shelved": (
        "Instance {id} is not shelved; start it instead.",
        "云主机 {id} 未被搁置，请直接开机。",
    ),
    "volume.absent": (
        "Volume {id} does not exist in pool {pool} of host {host}.",
        "云硬盘 {id} 在宿主机 {host} 的存储池 {pool} 中不存在。",
    ),
    "volume.in_use": (
        "Volume {id} is attached to instance {instance}; detach it first.",
        "云硬盘 {id} 正挂载在云主机 {instance} 上，请先卸载。",
    ),
    "snapshot.absent": (
        "Snapshot {id} does not exist on instance {instance}.",
        "云主机 {instance} 上不存在快照 {id}。",
    ),
    "pool.absent": (
        "Host {host} has no storage pool {pool}.",
        "宿主机 {host} 上没有存储池 {pool}。",
    ),
    "host.draining": (
        "Host {name} is being emptied by operation {operation}; wait for it, or cancel it first.",
        "作业 {operation} 正在腾空宿主机 {name}，请等待其完成，或先取消该作业。",
    ),
    "host.down": (
        "Host {host} does not answer. Check the host and its management network.",
        "宿主机 {host} 没有应答，请检查宿主机及其管理网络。",
    ),
    "host.absent": (
        "Host {host} is not configured for this cloud.",
        "该云平台没有配置宿主机 {host}。",
    ),
    "driver.busy": (
        "Host {host} is busy with this object: {detail}. The step is tried again.",
        "宿主机 {host} 正在处理该对象：{detail}，稍后自动重试。",
    ),
    "image.copying": (
        "Image {name} is being copied to host {host}; the step is tried again.",
        "镜像 {name} 正在分发到宿主机 {host}，稍后自动重试。",
    ),
    "image.unsafe": (
        "Image {name} refers to other files on the host ({detail}); convert it to a standalone image and register it.",
        "镜像 {name} 引用了宿主机上的其他文件（{detail}），请转换为独立镜像后重新登记。",
    ),
    "instance.in_use": (
        "Instance {id} still exists on a host that shares this storage with {host}; its disks are left alone.",
        "云主机 {id} 仍存在于与 {host} 共享存储的宿主机上，系统不会改动其磁盘。",
    ),
    "instance.no_screen": (
        "Instance {id} on host {host} has no graphical screen.",
        "宿主机 {host} 上的云主机 {id} 没有图形界面。",
    ),
    "snapshot.pool": (
        "Pool {pool} of host {host} does not hold files, which an external snapshot needs; take an internal one or none.",
        "宿主机 {host} 的存储池 {pool} 不是文件型存储池，无法创建外部快照。",
    ),
    "snapshot.base": (
        "Disk {disk} does not lie on a file of this instance, so the snapshot is not merged; look at its backing chain.",
        "磁盘 {disk} 的下层不是该云主机自己的文件，未合并快照；请检查其后备链。",
    ),
    "migration.unfinished": (
        "Instance {id} does not run on host {host} alone yet; the step is tried again.",
        "云主机 {id} 尚未只在宿主机 {host} 上运行，稍后自动重试。",
    ),
}
