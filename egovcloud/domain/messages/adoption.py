"""What is said of adopting what others made, and of giving it back."""

SENTENCES: dict[str, tuple[str, str]] = {
    "adoption.absent": (
        "{external_id} does not exist on host {host} any more; look at the list again.",
        "宿主机 {host} 上已没有 {external_id}，请重新查看列表。",
    ),
    "adoption.taken": (
        "{name} is under management already, as {id}.",
        "{name} 已被纳管，编号为 {id}。",
    ),
    "adoption.foreign": (
        "{name} belongs to another installation of egovcloud; let that one release it first.",
        "{name} 属于另一套 egovcloud，请先在那里脱管。",
    ),
    "adoption.transient": (
        "{name} is a transient machine, which vanishes when it is powered off; make its definition persistent first.",
        "{name} 是临时云主机，关机后即消失；请先将其定义持久化。",
    ),
    "adoption.format": (
        "The volume has the format {format}; only raw and qcow2 can be managed. Convert it first.",
        "该云硬盘格式为 {format}，只能纳管 raw 和 qcow2，请先转换。",
    ),
    "adoption.kept": (
        "{id} was adopted: it is never resized, wiped, rebuilt or deleted here. Release it, and do that where it was made.",
        "{id} 为纳管资源，本系统不会调整其规格，也不会擦除、重建或删除；请先脱管，再到原平台操作。",
    ),
    "adoption.stays": (
        "{id} was adopted and stays on its host: its disks and networks are known there alone.",
        "{id} 为纳管资源，其磁盘和网络仅存在于所在宿主机，不能迁移。",
    ),
    "adoption.guards": (
        "{id} was adopted: its network cards are guarded by whoever made it, and security groups cannot take over.",
        "{id} 为纳管资源，其网卡由原有规则防护，不能改用安全组。",
    ),
    "adoption.serial": (
        "{id} was adopted and does not write its serial log to a file of ours.",
        "{id} 为纳管资源，其串口日志未写入本系统的文件。",
    ),
    "adoption.unrepaired": (
        "{name} was adopted: others may change it where it was made. Accept what is observed, or change it back there.",
        "{name} 为纳管资源，原管理者可在原平台变更；请接受现状，或到原平台改回。",
    ),
    "adoption.changed": (
        "{name} was changed since it was looked at: {what}. Plan the adoption again.",
        "{name} 在预览之后发生变化：{what}。请重新预览。",
    ),
    "adoption.held": (
        "Volume {name} is plugged into machine {instance}; adopt that machine, or unplug it first.",
        "云硬盘 {name} 已挂载到云主机 {instance}，请纳管该云主机，或先卸载。",
    ),
    "adoption.poolless": (
        "Volume {name} lies in no storage pool that is configured for host {host}.",
        "云硬盘 {name} 不在宿主机 {host} 已配置的任何存储池中。",
    ),
    "adoption.mac": (
        "The network card {mac} of {name} has the same MAC as one that is under management already.",
        "{name} 的网卡 {mac} 与已纳管的网卡 MAC 相同。",
    ),
    "adoption.address": (
        "The address {address} of {name} belongs to another machine in network {network}.",
        "{name} 的地址 {address} 在网络 {network} 中已属于另一台云主机。",
    ),
    "adoption.none": (
        "Choose at least one machine or volume, and each of them once.",
        "请至少选择一台云主机或一块云硬盘，且不要重复选择。",
    ),
    "adoption.silent": (
        "Host {host} did not answer: {reason}",
        "宿主机 {host} 没有应答：{reason}",
    ),
    "cli.noun.adopt": ("thing that others made", "未纳管资源"),
    "cli.about.adopt": (
        "Machines and volumes that others made, taken under management as they are.",
        "将已有云主机和云硬盘按原样纳管。",
    ),
    "cli.verb.adopt.list": ("List what runs in the clouds and is not managed.", "列出云平台中未纳管的资源。"),
    "cli.verb.adopt.plan": (
        "Show what adopting would count, where, and what stands in the way; nothing is changed.",
        "预览纳管的计量、去向与障碍，不作任何改动。",
    ),
    "cli.verb.adopt.run": (
        "Adopt all of them or none: nothing is restarted or changed.",
        "全部纳管或全部不纳管，不重启、不改动。",
    ),
    "cli.verb.instance.release": (
        "Give adopted machines back as they are.",
        "脱管：将纳管的云主机按原样交还。",
    ),
    "cli.verb.volume.release": ("Give adopted volumes back as they are.", "脱管：将纳管的云硬盘按原样交还。"),
    "cli.param.thing": (
        "Machines and volumes, by name or by the cloud's own id.",
        "云主机和云硬盘，可用名称或云平台编号。",
    ),
    "cli.param.instance.adopted": (
        "Only what others made (true), or only what was made here (false).",
        "仅纳管的（true）或仅自建的（false）。",
    ),
    "cli.param.volume.adopted": (
        "Only what others made (true), or only what was made here (false).",
        "仅纳管的（true）或仅自建的（false）。",
    ),
    "cli.param.search": ("Only what contains this text.", "只列出包含此文本的。"),
    "cli.column.external_id": ("Cloud's id", "云平台编号"),
    "cli.column.obstacles": ("Obstacles", "障碍"),
    "cli.column.power": ("Power", "电源"),
    "cli.column.provider": ("Provider", "云平台"),
    "cli.adopt.silent": ("{host} does not answer: {reason}", "{host} 没有应答：{reason}"),
    "cli.adopt.which": (
        "{word} means {count} things that are not managed; name one by the cloud's id (egovctl adopt list).",
        "{word} 对应 {count} 项未纳管资源，请改用云平台编号（egovctl adopt list）。",
    ),
    "cli.adopt.ready": ("Nothing stands in the way.", "没有障碍，可以纳管。"),
    "cli.adopt.refused": ("It cannot be adopted like this.", "目前不能纳管。"),
    "release.own": (
        "{id} was made here and not adopted; delete it when it is not needed any more.",
        "{id} 由本系统创建，并非纳管资源；不再需要时请删除。",
    ),
    "release.snapshots": (
        "{id} has {count} snapshot(s) that were taken here; delete them first, so that it goes as it came.",
        "{id} 有 {count} 个在本系统创建的快照，请先删除，使其恢复纳管前的状态。",
    ),
    "release.volumes": (
        "Volume {volume} was made here and is plugged into {name}; detach it first.",
        "云硬盘 {volume} 由本系统创建并挂载在 {name} 上，请先卸载。",
    ),
    "snapshot.unpooled": (
        "Disk {disk} lies in no storage pool that is configured for host {host}, so that no snapshot can be laid on it.",
        "磁盘 {disk} 不在宿主机 {host} 已配置的存储池中，无法创建快照。",
    ),
}
