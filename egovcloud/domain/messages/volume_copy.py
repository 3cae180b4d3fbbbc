"""Sentences about volumes that are copied."""

SENTENCES: dict[str, tuple[str, str]] = {
    "volume.source_in_use": (
        "Volume {id} is attached to instance {instance}, which may write to it while it is copied; detach it first.",
        "云硬盘 {id} 正挂载在云主机 {instance} 上，克隆期间可能被写入，请先卸载。",
    ),
    "volume.source_state": (
        "Volume {name} is {state}; a volume can be copied once it is available.",
        "云硬盘 {name} 当前为 {state}，可用状态下才能克隆。",
    ),
    "volume.source_size": (
        "{size_gib} GiB is less than the {source_gib} GiB of {id}, which the new volume starts as a copy of; ask for "
        "at least as much.",
        "容量 {size_gib} GiB 小于来源 {id} 的 {source_gib} GiB，新云硬盘的容量不能小于来源。",
    ),
    "volume.source_tree": (
        "{name} belongs to another department than the project {project}, and not to one below it; choose a project "
        "of its own department.",
        "{name} 不属于项目 {project} 所在单位及其下级单位，请选择其所属单位的项目。",
    ),
    "volume.not_copied": (
        "The cloud has not made a volume of {size_gib} GiB in {pool} out of {id}; its storage may be full or unable to "
        "copy it there.",
        "云平台未能在 {pool} 中由 {id} 生成 {size_gib} GiB 的云硬盘，可能是存储已满，或不支持这样复制。",
    ),
    "volume.being_copied": (
        "{copy} is being made out of volume {name}; wait until that is done.",
        "正在由云硬盘 {name} 生成 {copy}，请等待其完成。",
    ),
    "volume.beside_what": (
        "A new volume lies beside an instance or starts as a copy; name the instance or the source.",
        "新建云硬盘须指定其挂载的云主机，或指定克隆来源。",
    ),
    "volume_snapshot.absent": (
        "Volume snapshot {id} does not exist on {host}.",
        "{host} 上不存在云硬盘快照 {id}。",
    ),
    "volume_snapshot.not_taken": (
        "The cloud has not taken a snapshot of volume {id} in {pool}; its storage may be full or know no snapshots.",
        "云平台未能为 {pool} 中的云硬盘 {id} 创建快照，可能是存储已满，或不支持快照。",
    ),
    "volume_snapshot.state": (
        "Volume snapshot {name} is {state}; it can be used once it is available.",
        "云硬盘快照 {name} 当前为 {state}，可用后才能使用。",
    ),
    "volume_snapshot.volume_state": (
        "Volume {name} is {state}; take a snapshot while it is available or in use.",
        "云硬盘 {name} 当前为 {state}，可用或使用中才能创建快照。",
    ),
    "volume_snapshot.limit": (
        "Volume {name} has {count} snapshots, the limit is {maximum}; delete one first.",
        "云硬盘 {name} 已有 {count} 个快照，上限为 {maximum}，请先删除一个。",
    ),
    "volume.snapshots_left": (
        "Volume {id} has {count} snapshot(s); delete them first.",
        "云硬盘 {id} 有 {count} 个快照，请先删除。",
    ),
    "volume.has_copies": (
        "Volume {name} has the snapshots {snapshots}; delete them first.",
        "云硬盘 {name} 有快照：{snapshots}，请先删除。",
    ),
    "word.volume_snapshot": ("Volume snapshot", "云硬盘快照"),
    "cli.noun.volume-snapshot": ("volume snapshot", "云硬盘快照"),
    "cli.about.volume-snapshot": (
        "Snapshots of volumes, which new volumes are made of.",
        "云硬盘快照，可据以新建云硬盘。",
    ),
    "cli.verb.volume-snapshot.create": (
        "Take a snapshot of a volume, whether an instance has it or not; it counts in the quota by its size.",
        "为云硬盘创建快照，可在使用中进行；按其容量计入配额。",
    ),
    "cli.column.volume": ("Volume", "云硬盘"),
    "cli.param.from_snapshot": (
        "Start as what this snapshot of a volume holds.",
        "由该云硬盘快照生成。",
    ),
    "cli.verb.volume.create": (
        "Make a volume beside an instance, or as a copy of another volume or a snapshot.",
        "新建云硬盘：挂载给云主机，或由已有云硬盘、快照生成。",
    ),
    "cli.param.from_volume": (
        "Start as a copy of this volume, which no instance may have meanwhile.",
        "由该云硬盘克隆；克隆期间它不能挂载在云主机上。",
    ),
    "cli.one_source": (
        "Give one source: {options}.",
        "只能指定一个来源：{options}。",
    ),
}
