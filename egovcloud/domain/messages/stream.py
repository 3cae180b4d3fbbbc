"""What event streams and screens say."""

SENTENCES: dict[str, tuple[str, str]] = {
    "stream.full": (
        "Too many live connections at the moment; try again in a few seconds.",
        "实时连接过多，请几秒后重试。",
    ),
    "stream.position": (
        "Last-Event-ID is not one that this stream gave out.",
        "Last-Event-ID 无效。",
    ),
    "screen.unreachable": (
        "The screen of this instance does not answer; check that it is running and try again.",
        "云主机屏幕没有应答，请确认其正在运行后重试。",
    ),
}
