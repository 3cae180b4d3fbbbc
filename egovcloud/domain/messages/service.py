"""What requests, approvals and the actions on machines say."""

SENTENCES: dict[str, tuple[str, str]] = {
    "confirm.required": (
        "This cannot be taken back: repeat it with confirm={name}, the exact name of what it concerns.",
        "该操作不可恢复：请以 confirm={name}（对象的完整名称）再次确认。",
    ),
    "request.empty": (
        "A request needs at least one item in “items”.",
        "服务申请的 items 中至少要有一项。",
    ),
    "request.own": (
        "You asked for this yourself; somebody else has to decide on it.",
        "不能审批自己提交的申请，请由他人审批。",
    ),
    "request.decided_before": (
        "You already decided on this request at another level; the next level needs another person.",
        "您已在其他层级审批过该申请，下一层级须由另一人审批。",
    ),
    "request.not_pending": (
        "Request {number} waits for nobody's decision: it is {state}.",
        "申请 {number} 当前无需审批：状态为 {state}。",
    ),
    "request.too_many": (
        "A request may make at most {maximum} machines, {asked} were asked for; split it.",
        "一份申请最多可申请 {maximum} 台云主机，本次为 {asked} 台，请拆分申请。",
    ),
    "chain.empty": (
        "No approval level applies to {department}; have the centre set the chain.",
        "{department} 没有适用的审批层级，请联系中心设置审批链。",
    ),
    "item.network": (
        "{field} needs at least one network, each at most once.",
        "{field} 至少需要一个网络，且每个网络只能出现一次。",
    ),
    "item.disk": (
        "Flavor {flavor} has a disk of {disk_gib} GiB, image {image} needs {needed}; choose a larger flavor.",
        "规格 {flavor} 的磁盘为 {disk_gib} GiB，镜像 {image} 需要 {needed} GiB，请选择更大的规格。",
    ),
    "item.retired": (
        "{noun} {name} is not offered any more; choose another one.",
        "{noun} {name} 已停止提供，请另选。",
    ),
    "item.size": (
        "Volume {name} has {size_gib} GiB already; ask for more than that.",
        "云硬盘 {name} 已有 {size_gib} GiB，请申请更大的容量。",
    ),
    "volume.busy": (
        "Volume {volume} is {state}; the machine can be moved when that is done.",
        "云硬盘 {volume} 正处于 {state} 状态，完成后才能迁移云主机。",
    ),
    "volume.other_host": (
        "Volume {volume} lies on another host than instance {instance}; move the instance there or make a new volume.",
        "云硬盘 {volume} 与云主机 {instance} 不在同一宿主机，请先迁移云主机或新建云硬盘。",
    ),
    "instance.not_ready": (
        "Instance {name} is {state}; wait until it is active or stopped.",
        "云主机 {name} 当前为 {state}，请在其运行中或已关机时操作。",
    ),
    "flavor.used": (
        "{instances} instance(s), deleted ones too, and {requests} request(s) name the flavor {flavor}; retire it "
        "instead, so that nobody can ask for it any more.",
        "{instances} 台云主机（含已删除的）和 {requests} 份申请用到规格 {flavor}，请改为停止提供，不再允许申请。",
    ),
    "flavor.same": (
        "Instance {name} has this size already.",
        "云主机 {name} 已是该规格。",
    ),
    "flavor.disk": (
        "Flavor {flavor} has a smaller disk than the instance ({disk_gib} GiB); a root disk cannot shrink.",
        "规格 {flavor} 的磁盘小于云主机现有磁盘（{disk_gib} GiB），系统盘不能缩小。",
    ),
    "snapshot.limit": (
        "Instance {name} has {count} snapshots, the limit is {maximum}; delete one first.",
        "云主机 {name} 已有 {count} 个快照，上限为 {maximum}，请先删除一个。",
    ),
}
