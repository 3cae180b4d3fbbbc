"""What is said of object storage: buckets, what is in them, and the endpoints that hold them."""

SENTENCES: dict[str, tuple[str, str]] = {
    "cli.bucket.more": (
        "{count} names are shown and there are more; --all shows them.",
        "已显示 {count} 项，还有更多；使用 --all 显示全部。",
    ),
    "cli.bucket.uploaded": ("{key} is stored ({size} bytes).", "{key} 已上传（{size} 字节）。"),
    "cli.bucket.downloaded": ("{path} is written ({size} bytes).", "已写入 {path}（{size} 字节）。"),
    "cli.bucket.resumed": (
        "Going on: {done} of {total} parts have arrived before; --restart begins again if the file has changed.",
        "续传：{total} 个分片中已有 {done} 个；若文件已更改，请用 --restart 重新开始。",
    ),
    "cli.bucket.access": ("Endpoint {endpoint}, bucket {bucket}.", "端点 {endpoint}，存储桶 {bucket}。"),
    "cli.bucket.secret": (
        "The secret is shown this once and kept nowhere: put it away now.",
        "密钥内容只显示这一次，系统不予保存，请立即妥善保管。",
    ),
    "cli.bucket.no_key": (
        "There is no access key {name} of this bucket (bucket keys lists them).",
        "该存储桶没有访问密钥 {name}（可用 bucket keys 列出）。",
    ),
    "cli.bucket.part": ("Part {number} of {total}.", "分片 {number}/{total}。"),
    "cli.bucket.exists": (
        "{path} exists already; choose another with --file, or --force to replace it.",
        "{path} 已存在；请用 --file 另选，或用 --force 覆盖。",
    ),
    "provider.holds_buckets": (
        "Provider {name} holds {buckets} bucket(s); delete them first.",
        "云平台 {name} 上仍有 {buckets} 个存储桶，请先删除。",
    ),
    "bucket.absent": (
        "Bucket {id} does not exist at its endpoint.",
        "存储桶 {id} 在其对象存储端点上不存在。",
    ),
    "bucket.gone": (
        "Bucket {id} was not found at its endpoint; restore it there or delete it here.",
        "在对象存储端点上找不到存储桶 {id}；请在端点上恢复，或在此删除。",
    ),
    "bucket.foreign": (
        "Name {name} is taken at the endpoint by somebody else's bucket, which is left alone.",
        "对象存储端点上的名称 {name} 已被他人的存储桶占用，系统不会改动它。",
    ),
    "bucket.not_empty": (
        "Bucket {id} is not empty; delete what it holds, or delete it together with its contents.",
        "存储桶 {id} 不为空；请先清空，或选择连同内容一并删除。",
    ),
    "bucket.full": (
        "Bucket {id} holds {used} of {limit} bytes and {asked} more do not fit; raise its quota or delete objects.",
        "存储桶 {id} 已用 {used} 字节，上限 {limit} 字节，无法再写入 {asked} 字节；请调高配额或删除对象。",
    ),
    "bucket.not_ready": (
        "Bucket {name} is {state}; try again when it is available.",
        "存储桶 {name} 处于 {state} 状态，请待其可用后再试。",
    ),
    "bucket.smaller_than_used": (
        "Bucket {name} already holds {used_gib} GiB; a quota of {quota_gib} GiB is too small.",
        "存储桶 {name} 已用 {used_gib} GiB，配额不能小于此值（所填 {quota_gib} GiB）。",
    ),
    "bucket.no_store": (
        "No endpoint for object storage is registered; an administrator has to add one (S3 or Swift).",
        "尚未登记对象存储端点，请系统管理员先添加（S3 或 Swift）。",
    ),
    "bucket.which_store": (
        "There are several endpoints for object storage; say which one by provider_id: {names}.",
        "存在多个对象存储端点，请用 provider_id 指定其一：{names}。",
    ),
    "bucket.expiry": (
        "expire_prefix needs expire_days: after how many days such objects are deleted.",
        "填写 expire_prefix 时必须填写 expire_days，即多少天后删除这些对象。",
    ),
    "bucket.no_keys": (
        "The object storage {store} has no access keys of a bucket's own; use temporary addresses or go through us.",
        "对象存储 {store} 不支持存储桶访问密钥，请使用临时地址或通过本平台访问。",
    ),
    "bucket_key.many": (
        "Bucket {name} has {limit} access keys already; revoke one of them first.",
        "存储桶 {name} 已有 {limit} 个访问密钥，请先吊销其中一个。",
    ),
    "bucket_key.exists": (
        "Bucket {bucket} has an access key named {name} already; choose another name or revoke that one.",
        "存储桶 {bucket} 已有名为 {name} 的访问密钥，请换一个名称或先吊销它。",
    ),
    "bucket_key.overtaken": (
        "Access key {name} was revoked while it was being made; make another one.",
        "访问密钥 {name} 在创建过程中已被吊销，请重新创建。",
    ),
    "bucket_key.gone": (
        "The endpoint does not know the access key {name} any more; revoke it and make another one.",
        "对象存储端已不存在访问密钥 {name}，请吊销后重新创建。",
    ),
    "object.absent": (
        "There is no object {key} in this bucket.",
        "该存储桶中没有对象 {key}。",
    ),
    "object.key": (
        "{field} is no key that every endpoint and every computer can hold ({reason}): at most 1024 bytes of UTF-8, no "
        "part of it empty, '.', '..' or longer than 255 bytes, no backslash and no control character.",
        "{field} 不是可用的对象名（{reason}）：UTF-8 不超过 1024 字节，各级名称不得为空、'.'、'..' 或超过 255 字节，不得含反斜杠和控制字符。",
    ),
    "upload.absent": (
        "The upload of {key} is not there any more; begin it again.",
        "{key} 的上传任务已不存在，请重新上传。",
    ),
    "upload.parts": (
        "Part {missing} of {count} is missing; send it before the upload is completed.",
        "共 {count} 个分片，缺少第 {missing} 个；请补传后再完成上传。",
    ),
    "upload.part": (
        "Part {number} must have {expected} bytes and has {found}; send it again.",
        "第 {number} 个分片应为 {expected} 字节，实际为 {found} 字节，请重传。",
    ),
    "upload.many": (
        "This bucket has {limit} unfinished uploads already; finish or abort some of them first.",
        "该存储桶已有 {limit} 个未完成的上传任务，请先完成或取消其中一些。",
    ),
    "store.credentials": (
        "The object storage does not accept our key: {detail}. Renew it in the profiles file.",
        "对象存储不接受本系统的密钥：{detail}。请更新凭据文件中的密钥。",
    ),
    "store.certificate": (
        "The certificate of the object storage is not accepted: {detail}. Renew it or name its authority.",
        "对象存储的证书不可信：{detail}。请更新证书或配置其签发机构。",
    ),
    "store.config": (
        "The configuration of the object storage is not complete: {detail}. Check endpoint, profile and profiles_file.",
        "对象存储配置不完整：{detail}。请检查 endpoint、profile 和 profiles_file。",
    ),
    "store.policy": (
        "The object storage forbids this call: {detail}. Give our user the rights that it needs there.",
        "对象存储禁止此调用：{detail}。请授予本系统用户所需的权限。",
    ),
    "store.not_an_api": (
        "Something that is not the object storage answered for {host}: {detail}. The step is tried again.",
        "在访问 {host} 时，应答者不是对象存储：{detail}，稍后自动重试。",
    ),
}
