"""What the command line says: failures, questions, remarks."""

SENTENCES: dict[str, tuple[str, str]] = {
    "cli.yes": ("yes", "是"),
    "cli.no": ("no", "否"),
    "cli.done": ("Done.", "已完成。"),
    # Reaching the server
    "cli.unreachable": (
        "The server at {url} cannot be reached: {detail}. Check the address (--url, EGOV_URL) and the network.",
        "无法连接服务器 {url}：{detail}。请检查地址（--url、EGOV_URL）和网络。",
    ),
    "cli.untrusted": (
        "The certificate of {url} is not trusted: {detail}. Name the authority that issued it with --ca or EGOV_CA.",
        "{url} 的证书不受信任：{detail}。请用 --ca 或 EGOV_CA 指定签发它的 CA 证书。",
    ),
    "cli.unsendable": (
        "The request cannot be sent: {detail}. Check the names and values for odd characters.",
        "请求无法发送：{detail}。请检查名称和取值中的特殊字符。",
    ),
    "cli.not_api": (
        "What answers at {url} is not the egovcloud API. Check the address (--url, EGOV_URL).",
        "{url} 的应答不是 egovcloud API。请检查地址（--url、EGOV_URL）。",
    ),
    "cli.server_trouble": (
        "The server at {url} answers with HTTP {status} and no explanation; try again, then ask its operators.",
        "服务器 {url} 返回 HTTP {status} 且没有说明；请重试，仍不行时联系运维人员。",
    ),
    "cli.bad_url": (
        "{url} is no address of a server; write it like https://cloud.example.gov.cn.",
        "{url} 不是服务器地址；请写成 https://cloud.example.gov.cn 的形式。",
    ),
    "cli.plain_http": (
        "{url} is plain HTTP to another machine, where anyone on the way could read the token. Use https, "
        "or allow it with --allow-http.",
        "{url} 是到其他机器的明文 HTTP，途中可能泄露令牌。请改用 https，或用 --allow-http 明确允许。",
    ),
    "cli.stream.open": ("Following events; Ctrl-C ends it.", "正在跟踪事件，按 Ctrl-C 结束。"),
    "cli.stream.ended": ("The event stream of {url} ended.", "{url} 的事件流已中断。"),
    "cli.stream.again": ("{detail} Trying again.", "{detail} 正在重新连接。"),
    "cli.trace": ("Give the operators this trace id: {id}", "请将此追踪编号告知运维人员：{id}"),
    # Signing in
    "cli.not_signed_in": (
        "You are not signed in to {url}. Run: egovctl login (or set EGOV_TOKEN or EGOV_TOKEN_FILE).",
        "尚未登录 {url}。请运行：egovctl login（或设置 EGOV_TOKEN、EGOV_TOKEN_FILE）。",
    ),
    "cli.token_expired": (
        "Your token for {url} has expired. Run: egovctl login",
        "您在 {url} 的令牌已过期。请运行：egovctl login",
    ),
    "cli.sign_in": ("Run: egovctl login", "请运行：egovctl login"),
    "cli.token.malformed": (
        "The token holds characters that no token has; copy it again (EGOV_TOKEN, EGOV_TOKEN_FILE).",
        "令牌中含有非法字符；请重新复制（EGOV_TOKEN、EGOV_TOKEN_FILE）。",
    ),
    "cli.credentials.open": (
        "{path} can be read by others; make it yours alone first: chmod 600 {path}",
        "{path} 可被他人读取；请先收紧权限：chmod 600 {path}",
    ),
    "cli.login.username": ("Username:", "用户名："),
    "cli.login.password": ("Password of {username}:", "{username} 的密码："),
    "cli.login.must_change": (
        "The first password must be replaced before anything else.",
        "首次登录必须先修改初始密码。",
    ),
    "cli.login.new_password": ("New password:", "新密码："),
    "cli.login.again": ("The same again:", "再次输入："),
    "cli.login.differs": ("The two passwords differ; nothing was changed.", "两次输入不一致，未作任何修改。"),
    "cli.login.needs_new": (
        "The first password must be replaced. Sign in on a terminal, or give --new-password-file.",
        "必须先修改初始密码。请在终端中登录，或使用 --new-password-file。",
    ),
    "cli.login.needs_password": (
        "No password came from standard input. Sign in on a terminal, or give --password-file.",
        "标准输入中没有密码。请在终端中登录，或使用 --password-file。",
    ),
    "cli.login.needs_username": (
        "Without a terminal the account must be named: --username.",
        "非终端环境必须指定账号：--username。",
    ),
    "cli.login.done": (
        "{username} is signed in to {url} until {until}; the token is kept in {path}.",
        "{username} 已登录 {url}，有效期至 {until}；令牌保存在 {path}。",
    ),
    "cli.logout.done": ("Signed out of {url}; the token is revoked.", "已退出 {url}，令牌已吊销。"),
    "cli.logout.nobody": ("Nobody was signed in to {url}.", "没有登录 {url} 的账号。"),
    "cli.logout.not_revoked": (
        "The token is forgotten here, but token {id} was not revoked on the server: {detail}",
        "本机已删除令牌，但服务器上的令牌 {id} 未能吊销：{detail}",
    ),
    # Naming things
    "cli.no_such": (
        "There is no {noun} {name} that you may see. List them to find its name.",
        "没有您可见的{noun} {name}。请先列出以确认名称。",
    ),
    "cli.no_such_near": (
        "There is no {noun} {name} that you may see. Near it: {near}.",
        "没有您可见的{noun} {name}。相近的有：{near}。",
    ),
    "cli.ambiguous": (
        "Several things bear the {noun} name {name}; use an id: {candidates}",
        "名为 {name} 的{noun}不止一个，请使用编号：{candidates}",
    ),
    "cli.no_grant": (
        "User {user} does not hold role {role} in {department}.",
        "用户 {user} 在 {department} 没有角色 {role}。",
    ),
    # Input
    "cli.bad_choice": (
        "{option} cannot be {value}; it is one of: {choices}.",
        "{option} 不能为 {value}，可选：{choices}。",
    ),
    "cli.bad_number": ("{option} needs a number, not {value}.", "{option} 需要数字，而不是 {value}。"),
    "cli.bad_filter": ("{value} is no filter; write KEY=VALUE.", "{value} 不是过滤条件，请写成 KEY=VALUE。"),
    "cli.bad_json": ("{option} is not JSON: {detail}.", "{option} 不是合法的 JSON：{detail}。"),
    "cli.bad_rule": (
        "{value} is no rule; write DIRECTION,PROTOCOL,PORT_MIN,PORT_MAX,CIDR, like ingress,tcp,22,22,10.0.0.0/8.",
        "{value} 不是规则；请写成 方向,协议,起始端口,结束端口,网段，如 ingress,tcp,22,22,10.0.0.0/8。",
    ),
    "cli.bad_sized": ("{option} {value} cannot be read; write {shape}.", "无法识别 {option} {value}，请写成 {shape}。"),
    "cli.bad_amount": (
        "{value} is no amount; write RESOURCE=NUMBER with one of: {known}.",
        "{value} 不是数量；请写成 资源=数字，资源可选：{known}。",
    ),
    "cli.bad_permission": (
        "{value} is no permission; write NOUN:VERB, like instance:read or *:read.",
        "{value} 不是权限；请写成 对象:动作，如 instance:read 或 *:read。",
    ),
    "cli.no_column": ("There is no column {column}; there are: {known}.", "没有列 {column}，可选：{known}。"),
    "cli.nothing_to_change": ("Say what to change: {options}.", "请指明要修改的内容：{options}。"),
    "cli.placement.shape": (
        "Say what to place: --flavor, or --vcpus and --memory-mib.",
        "请指明要放置的规格：--flavor，或 --vcpus 与 --memory-mib。",
    ),
    "cli.request.missing": (
        "A request needs more: {options}.",
        "申请内容不完整，还需要：{options}。",
    ),
    "cli.request.items": (
        "{key} must be a list; see the example in egovctl request create --help.",
        "{key} 必须是列表；可参考 egovctl request create --help 中的示例。",
    ),
    "cli.private_key": (
        "{path} is a private key, which must stay with you; give the public one (it ends in .pub).",
        "{path} 是私钥，不能上传；请使用公钥文件（以 .pub 结尾）。",
    ),
    "cli.file.unreadable": ("{path} cannot be read: {detail}.", "无法读取 {path}：{detail}。"),
    "cli.file.unwritable": ("{path} cannot be written: {detail}.", "无法写入 {path}：{detail}。"),
    "cli.audit.exported": ("Audit trail written to {path} ({size} bytes).", "审计记录已写入 {path}（{size} 字节）。"),
    "cli.file.broken": ("{path} cannot be understood: {detail}.", "无法解析 {path}：{detail}。"),
    "cli.file.not_mapping": (
        "{path} must hold keys and values at its top (title, project, items).",
        "{path} 的顶层必须是键值（title、project、items）。",
    ),
    "cli.file.unknown_keys": (
        "{path} has unknown keys: {keys}. Known: {known}.",
        "{path} 含有未知的键：{keys}。可用：{known}。",
    ),
    "cli.not_utf8": ("it is not UTF-8 text", "不是 UTF-8 文本"),
    "cli.quota_exceeded": (
        "The quota of {department} would not suffice: {resource} would be {after} of {limit}.",
        "{department} 的配额不足：{resource} 将达到 {after}，上限为 {limit}。",
    ),
    # Danger
    "cli.confirm.ask": ("{command}: type the name {name} to go on:", "{command}：请输入名称 {name} 以确认："),
    "cli.confirm.differs": (
        "What was typed is not {name}; nothing was done.",
        "输入的名称不是 {name}，未执行任何操作。",
    ),
    "cli.confirm.needs_yes": (
        "{command} of {name} is refused: there is no terminal to type the name on. Add --yes if you mean it.",
        "拒绝执行 {command}（{name}）：没有终端可供输入名称确认。确实要执行请加 --yes。",
    ),
    # Operations
    "cli.follow": ("Follow it with: egovctl operation wait {id}", "跟踪进度：egovctl operation wait {id}"),
    "cli.more": (
        "{count} shown and there are more: --all, or --after {cursor}",
        "已显示 {count} 条，还有更多：--all，或 --after {cursor}",
    ),
    "cli.attempt": ("attempt {number}", "第 {number} 次尝试"),
    "cli.interrupted": (
        "You stopped waiting; the operation goes on. Follow it with: egovctl operation wait {id}",
        "已停止等待，作业仍在继续。跟踪进度：egovctl operation wait {id}",
    ),
    "cli.waited": (
        "Operation {id} has not ended after {seconds} s and goes on. Follow it with: egovctl operation wait {id}",
        "作业 {id} 在 {seconds} 秒内未结束，仍在继续。跟踪进度：egovctl operation wait {id}",
    ),
    "cli.operation.failed": (
        "Operation {id} ({kind}) failed: {detail} Look at it with: egovctl operation show {id}",
        "作业 {id}（{kind}）失败：{detail} 查看详情：egovctl operation show {id}",
    ),
    "cli.operation.too_late": (
        "Operation {id} ({kind}) succeeded before it could be cancelled.",
        "作业 {id}（{kind}）在取消之前已经成功。",
    ),
    "cli.operation.cancelled": (
        "Operation {id} ({kind}) was cancelled.",
        "作业 {id}（{kind}）已取消。",
    ),
    # ssh
    "cli.ssh.absent": (
        "There is no ssh on this machine; elsewhere, run: {line}",
        "本机没有 ssh；可在其他机器上运行：{line}",
    ),
    "cli.ssh.address": (
        "The instance has no address {address}; it has: {known}.",
        "云主机没有地址 {address}，现有：{known}。",
    ),
    "cli.ssh.no_address": (
        "Instance {name} has no address (state: {state}); wait until it is active.",
        "云主机 {name} 没有地址（状态：{state}）；请等待其运行。",
    ),
    "cli.ssh.odd": (
        "The server named {value} as address or account, which ssh will not be given.",
        "服务器返回的地址或账号 {value} 不合规，已拒绝交给 ssh。",
    ),
    "cli.screen.no_browser": (
        "There is no browser here; open the address elsewhere.",
        "本机没有浏览器，请在其他机器上打开该地址。",
    ),
    # Usage
    "cli.usage.no_command": ("{command} has no {name}.", "{command} 没有 {name}。"),
    "cli.usage.no_command_near": (
        "{command} has no {name}. Did you mean: {near}?",
        "{command} 没有 {name}。您是否要：{near}？",
    ),
    "cli.usage.no_option": ("There is no option {option}.", "没有选项 {option}。"),
    "cli.usage.near": ("Did you mean: {near}?", "您是否要：{near}？"),
    "cli.usage.missing": ("{option} is missing.", "缺少 {option}。"),
    "cli.usage.other": ("The command line is wrong: {detail}", "命令行有误：{detail}"),
    "cli.usage.help": ("Try: {command}", "可运行：{command}"),
    "cli.unexpected": (
        "Something went wrong that should not: {error}. What happened is kept in {path}; please report it.",
        "发生了意外错误：{error}。详细信息保存在 {path}，请反馈给维护人员。",
    ),
    # Exit codes
    "cli.exit.ok": ("done", "成功"),
    "cli.exit.unexpected": ("an unexpected error", "意外错误"),
    "cli.exit.usage": (
        "the command line is wrong, a name is ambiguous, or --yes is missing",
        "命令行有误、名称有歧义，或缺少 --yes",
    ),
    "cli.exit.not_found": ("there is no such thing, or you may not see it", "对象不存在或不可见"),
    "cli.exit.conflict": ("the thing is not in the state that this needs", "对象状态不允许此操作"),
    "cli.exit.forbidden": ("not signed in, or not allowed", "未登录或无权限"),
    "cli.exit.invalid": ("the server or a file check refused the input", "输入未通过校验"),
    "cli.exit.quota": ("a quota would be exceeded", "超出配额"),
    "cli.exit.operation": ("the operation that was waited for failed or was cancelled", "所等待的作业失败或被取消"),
    "cli.exit.timeout": ("--timeout is over; the operation goes on", "等待超时，作业仍在继续"),
    "cli.exit.unreachable": (
        "the server cannot be reached or is busy; trying again may help",
        "服务器不可达或繁忙，可稍后重试",
    ),
    "cli.exit.interrupted": (
        "Ctrl-C; an operation that was being followed goes on",
        "被 Ctrl-C 中断，正在跟踪的作业仍在继续",
    ),
    "cli.part": (
        "{shown} of {total} are shown; narrow the search.",
        "共 {total} 项，显示 {shown} 项，请缩小范围。",
    ),
}
