"""What clouds that answer by HTTP may say beside what every cloud says."""

SENTENCES: dict[str, tuple[str, str]] = {
    "cloud.credentials": (
        "The cloud's {service} service does not accept our credentials: {detail}. Renew them in clouds.yaml.",
        "云平台的 {service} 服务不接受本系统的凭据：{detail}。请更新 clouds.yaml 中的凭据。",
    ),
    "cloud.certificate": (
        "The certificate of the cloud's {service} service is not accepted: {detail}. Renew it or name its authority.",
        "云平台 {service} 服务的证书不可信：{detail}。请更新证书或配置其签发机构。",
    ),
    "cloud.no_service": (
        "The cloud has no {service} service in the configured region: {detail}. Check the region's name and catalogue.",
        "云平台在所配置的区域中没有 {service} 服务：{detail}。请检查区域名称和服务目录。",
    ),
    "cloud.config": (
        "The cloud's configuration is not complete: {detail}. Check clouds.yaml and secure.yaml.",
        "云平台配置不完整：{detail}。请检查 clouds.yaml 和 secure.yaml。",
    ),
    "cloud.not_an_api": (
        "Something that is not the {service} service answered for {host}: {detail}. The step is tried again.",
        "在访问 {host} 时，应答者不是 {service} 服务：{detail}，稍后自动重试。",
    ),
    "cloud.too_old": (
        "The cloud's {service} service offers version {found} and {needed} is needed; it has to be upgraded.",
        "云平台的 {service} 服务版本为 {found}，至少需要 {needed}，请先升级。",
    ),
    "cloud.policy": (
        "The cloud's {service} service forbids this call: {detail}. Give our user the role that its policy asks for.",
        "云平台的 {service} 服务禁止此调用：{detail}。请授予本系统用户相应的角色。",
    ),
    "cloud.quota": (
        "The cloud's own quota of {service} is full for host {host}: {detail}. Raise it there or delete what is unused.",
        "云平台 {service} 服务自身的配额不足（宿主机 {host}）：{detail}。请在云平台上调高配额或清理资源。",
    ),
    "cloud.rate": (
        "The cloud's {service} service asks for fewer calls for host {host}; the step is tried again.",
        "云平台的 {service} 服务要求降低调用频率（宿主机 {host}），稍后自动重试。",
    ),
    "cloud.no_room": (
        "The cloud found no room on host {host}: {detail}. Choose another host or pool.",
        "云平台在宿主机 {host} 上找不到可用资源：{detail}。请另选宿主机或存储池。",
    ),
    "cloud.no_flavor": (
        "The cloud has no flavor of {vcpus} vCPU, {memory_mib} MiB and {disk_gib} GiB; let its administrator make one.",
        "云平台没有 {vcpus} vCPU、{memory_mib} MiB、{disk_gib} GiB 的规格，请云平台管理员创建。",
    ),
    "cloud.no_external_network": (
        "The cloud has no external network {name}; check the provider's configuration.",
        "云平台没有外部网络 {name}，请检查云平台配置。",
    ),
    "cloud.tenancy": (
        "Cloud {cloud} logs in with an application credential, which Keystone binds to one project; give it a password "
        "login in clouds.yaml, or switch tenancy off in the provider's configuration.",
        "云平台 {cloud} 使用应用凭据登录，Keystone 将其限定在单个项目内；请在 clouds.yaml 中改用密码登录，或在云平台配置中关闭 tenancy。",
    ),
    "tenant.absent": (
        "The cloud behind {host} has no project for {id}; the step is tried again once it has been made.",
        "{host} 所在的云平台上没有对应项目 {id}，创建后将自动重试。",
    ),
    "tenant.in_use": (
        "The project for {id} on the cloud behind {host} still holds {detail}; delete or move them there first.",
        "{host} 所在云平台上项目 {id} 中仍有 {detail}，请先在云平台上删除或迁出。",
    ),
    "cloud.no_screens": (
        "The cloud gives no screen in the browser: {detail}. Let its administrator run nova-novncproxy, or set screens to "
        "false in the provider's configuration.",
        "云平台不提供浏览器屏幕：{detail}。请云平台管理员部署 nova-novncproxy，或将云平台配置中的 screens 设为 false。",
    ),
    "snapshot.volumes": (
        "Instance {id} holds {count} volume(s), which a snapshot on this cloud leaves out; detach them first.",
        "云主机 {id} 挂载了 {count} 块云硬盘，该云平台的快照不包含它们，请先卸载。",
    ),
}
