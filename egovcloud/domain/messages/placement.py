"""Why a host was taken or refused."""

SENTENCES: dict[str, tuple[str, str]] = {
    "placement.state": (
        "The host is {state} and its health is {health}.",
        "宿主机状态为 {state}，健康状况为 {health}。",
    ),
    "placement.choice": ("The host is allowed by the request.", "请求是否允许使用该宿主机。"),
    "placement.zone": ("The host is in the zone asked for.", "宿主机是否位于所要求的可用区。"),
    "placement.capability": ("Capabilities missing on this host: {missing}.", "该宿主机缺少的能力：{missing}。"),
    "placement.vcpus": (
        "{asked} vCPU asked for, {free} of {capacity} are free.",
        "需要 {asked} vCPU，可用 {free}，总量 {capacity}。",
    ),
    "placement.memory": (
        "{asked} MiB of memory asked for, {free} of {capacity} are free.",
        "需要内存 {asked} MiB，可用 {free}，总量 {capacity}。",
    ),
    "placement.storage": (
        "{asked} GiB of disk asked for, {free} GiB are free in pool {pool}.",
        "需要磁盘 {asked} GiB，存储池 {pool} 可用 {free} GiB。",
    ),
    "placement.anti_affinity": (
        "No other member of group {group} may be on the host.",
        "该宿主机上不能已有反亲和组 {group} 的成员。",
    ),
    "placement.weigh_memory": (
        "{percent}% of memory stays free (weight {weight}).",
        "内存余量 {percent}%（权重 {weight}）。",
    ),
    "placement.weigh_vcpus": (
        "{percent}% of vCPUs stay free (weight {weight}).",
        "vCPU 余量 {percent}%（权重 {weight}）。",
    ),
    "placement.weigh_storage": (
        "{percent}% of storage stays free (weight {weight}).",
        "存储余量 {percent}%（权重 {weight}）。",
    ),
}
