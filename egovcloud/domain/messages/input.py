"""What the faces say about input, and about requests that reach no use case."""

SENTENCES: dict[str, tuple[str, str]] = {
    "input.invalid": ("The input breaks {count} rule(s): {first}", "输入有 {count} 处不符合要求：{first}"),
    "input.json": ("The body is not JSON: {detail}", "请求体不是有效的 JSON：{detail}"),
    "input.encoding": ("The body is not UTF-8.", "请求体不是 UTF-8 编码。"),
    "input.type": ("Send the body as application/json.", "请求体须为 application/json。"),
    "input.size": ("The body is larger than {limit} bytes.", "请求体超过 {limit} 字节。"),
    "input.body": ("This call takes no body.", "该接口不接受请求体。"),
    "input.nul": ("Text must not contain the character NUL.", "文本不能包含 NUL 字符。"),
    "input.repeated": ("{name} was given more than once.", "参数 {name} 重复。"),
    "input.header": ("The header {name} is malformed.", "请求头 {name} 格式错误。"),
    "input.missing": ("This is needed.", "缺少必填项。"),
    "input.extra": ("There is no such field.", "没有此字段。"),
    "input.too_long": ("At most {max_length} characters or entries.", "最多 {max_length} 个字符或条目。"),
    "input.too_short": ("At least {min_length} characters or entries.", "至少 {min_length} 个字符或条目。"),
    "input.at_least": ("At least {ge}.", "不能小于 {ge}。"),
    "input.at_most": ("At most {le}.", "不能大于 {le}。"),
    "input.one_of": ("One of: {expected}.", "可选值：{expected}。"),
    "input.pattern": ("This does not have the form {pattern}.", "格式须符合 {pattern}。"),
    "input.wrong_type": ("This must be of type {expected}.", "类型须为 {expected}。"),
    "input.other": ("{detail}", "不符合要求：{detail}"),
    "http.not_found": ("There is nothing at this address.", "该地址不存在。"),
    "http.method": (
        "This address does not take {method}; it takes {allowed}.",
        "该地址不支持 {method}，支持 {allowed}。",
    ),
    "http.bad_request": ("The request is malformed.", "请求格式错误。"),
    "precondition.failed": (
        "It was changed since you looked at it (it is now at generation {generation}); look again and repeat.",
        "该对象在您查看之后已被更改（当前版本 {generation}），请刷新后重试。",
    ),
    "idempotency.reused": (
        "The Idempotency-Key {key} was used for another request; use a new one.",
        "Idempotency-Key {key} 已用于其他请求，请换用新的值。",
    ),
    "idempotency.busy": (
        "A request with the Idempotency-Key {key} is under way; repeat in a moment.",
        "使用 Idempotency-Key {key} 的请求正在处理，请稍后重试。",
    ),
    "row.duplicate": (
        "Something with this name or key exists already; choose another one.",
        "同名或同键的对象已存在，请另选名称。",
    ),
    "row.reference": (
        "Something that this refers to does not exist or is still in use.",
        "所引用的对象不存在或仍在使用。",
    ),
    "database.unavailable": (
        "The database does not answer; try again in a moment.",
        "数据库暂时不可用，请稍后重试。",
    ),
}
