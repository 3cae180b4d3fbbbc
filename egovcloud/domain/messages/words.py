"""Words for states, nouns, events and actions, for the sentences that are made of them."""

_STATES = {
    "requested": ("requested", "已申请"),
    "building": ("building", "创建中"),
    "creating": ("creating", "创建中"),
    "active": ("active", "运行中"),
    "starting": ("starting", "开机中"),
    "stopping": ("stopping", "关机中"),
    "stopped": ("stopped", "已关机"),
    "rebooting": ("rebooting", "重启中"),
    "resizing": ("resizing", "变更规格中"),
    "rebuilding": ("rebuilding", "重建中"),
    "migrating": ("migrating", "热迁移中"),
    "reverting": ("reverting", "回退快照中"),
    "deleting": ("deleting", "删除中"),
    "shelving": ("being shelved", "搁置中"),
    "shelved": ("shelved", "已搁置"),
    "unshelving": ("being unshelved", "恢复中"),
    "adopting": ("being adopted", "纳管中"),
    "releasing": ("being released", "脱管中"),
    "deleted": ("deleted", "已删除"),
    "error": ("error", "异常"),
    "unknown": ("unknown", "未知"),
    "draft": ("draft", "草稿"),
    "submitted": ("submitted", "已提交"),
    "approved": ("approved", "已批准"),
    "rejected": ("rejected", "已驳回"),
    "returned": ("returned", "已退回"),
    "withdrawn": ("withdrawn", "已撤回"),
    "provisioning": ("provisioning", "开通中"),
    "fulfilled": ("fulfilled", "已开通"),
    "failed": ("failed", "失败"),
}
_NOUNS = {
    "instance": ("Instance", "云主机"),
    "request": ("Request", "服务申请"),
    "operation": ("Operation", "作业"),
    "bucket": ("Bucket", "存储桶"),
    "bucket_key": ("Access key", "访问密钥"),
}
# After a number, or before one in Chinese: "a limit of 20 instances".
_RESOURCES = {
    "vcpus": ("vCPUs", "vCPU"),
    "memory_mib": ("MiB of memory", "内存（MiB）"),
    "volume_gib": ("GiB of volumes", "存储（GiB）"),
    "instances": ("instances", "云主机"),
    "addresses": ("addresses", "地址"),
    "buckets": ("buckets", "存储桶"),
    "object_gib": ("GiB of objects", "对象存储（GiB）"),
}
_EVENTS = {
    "queue": ("queued", "已排队"),
    "succeed": ("succeeded", "成功"),
    "undo": ("being undone", "正在撤销"),
    "fail": ("failed", "失败"),
    "cancel": ("cancelled", "已取消"),
    "retry": ("tried again", "重试"),
}
_ACTIONS = {
    "instance.create": ("create the instance", "创建云主机"),
    "instance.start": ("power on", "开机"),
    "instance.stop": ("power off", "关机"),
    "instance.reboot": ("restart", "重启"),
    "instance.resize": ("resize", "变更规格"),
    "instance.rebuild": ("rebuild", "重建"),
    "instance.migrate": ("live migration", "热迁移"),
    "instance.shelve": ("shelve", "搁置"),
    "instance.unshelve": ("unshelve", "恢复"),
    "instance.delete": ("delete the instance", "删除云主机"),
    "instance.adopt": ("adopt", "纳管"),
    "instance.release": ("release", "脱管"),
    "instance.guard": ("change security groups", "更换安全组"),
    "instance.update": ("rename", "改名"),
    "instance.screen": ("open the screen", "打开屏幕"),
    "request.create": ("draft the request", "起草申请"),
    "request.update": ("change the request", "修改申请"),
    "request.submit": ("submit the request", "提交申请"),
    "request.withdraw": ("withdraw the request", "撤回申请"),
    "request.approve": ("approve the request", "批准申请"),
    "request.reject": ("reject the request", "驳回申请"),
    "request.return": ("return the request", "退回申请"),
    "request.provision": ("provision the request", "开通申请"),
}

SENTENCES: dict[str, tuple[str, str]] = {
    **{
        f"word.{key}": words
        for table in (_STATES, _NOUNS, _RESOURCES, _EVENTS, _ACTIONS)
        for key, words in table.items()
    },
    "timeline.state": ("{noun}: {from} → {to}", "{noun}：{from} → {to}"),
    "timeline.operation": ("Operation “{kind}”: {event}", "作业“{kind}”：{event}"),
    "timeline.success": ("{action}", "{action}"),
    "timeline.failure": ("{action}: refused ({code})", "{action}：被拒绝（{code}）"),
}
