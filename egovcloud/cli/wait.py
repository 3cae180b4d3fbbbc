"""Following operations to their end: events say when to look, and looking every second is the fallback."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from egovcloud.cli.failures import Interrupted, OperationFailed, Refused, WaitedTooLong
from egovcloud.cli.language import say
from egovcloud.domain.errors import NotFound, Transient

if TYPE_CHECKING:
    from egovcloud.cli.call import Call
    from egovcloud.cli.client import Answer, Client
    from egovcloud.cli.live import Display

TERMINAL = frozenset({"succeeded", "failed", "cancelled"})
POLL_S = 1.0
# With events at hand, looking is only a safeguard against one that is lost.
POLL_WITH_EVENTS_S = 5.0
# A server that restarts is waited for this long.
PATIENCE_S = 60.0


def operation_of(answer: Answer) -> dict[str, Any] | None:
    """The operation that an answer speaks of: its body, its Location, or what the body says it started."""
    data = answer.data if isinstance(answer.data, dict) else {}
    location = answer.headers.get("location", "") if answer.status == 202 else ""
    if "/operations/" in location:
        identifier = location.rstrip("/").rpartition("/")[2]
        return data if data.get("id") == identifier else {"id": identifier, "state": "queued", "kind": ""}
    if {"id", "kind", "state", "subject", "progress"} <= data.keys():
        return data
    if data.get("operation_id") and data.get("state") in ("approved", "provisioning"):
        return {"id": str(data["operation_id"]), "state": "queued", "kind": ""}
    return None


def settle(call: Call, operations: Sequence[Mapping[str, Any]]) -> None:
    """Follow operations one after the other (they run side by side), then show what came of them.

    All are followed even when one fails; the first failure is the command's.
    """
    timeout = call.values.get("timeout")
    deadline = time.monotonic() + float(timeout) if timeout else None
    ended: list[dict[str, Any]] = []
    failures: list[Exception] = []
    # Who asks for a cancellation has got it when the operation is cancelled.
    wanted = "cancelled" if call.verb.name == "cancel" else "succeeded"
    for operation in operations:
        result = follow(call.client, str(operation["id"]), deadline, timeout)
        ended.append(result)
        failure = failure_of(result, wanted)
        if failure is not None:
            failures.append(failure)
    _show(call, ended)
    if failures:
        raise failures[0]


def failure_of(operation: Mapping[str, Any], wanted: str = "succeeded") -> OperationFailed | None:
    """None when it ended as wanted, else what went wrong and what to do next."""
    state = operation.get("state")
    if state == wanted:
        return None
    error = operation.get("error")
    detail = error.get("detail") or error.get("code") if isinstance(error, Mapping) else ""
    code = {"cancelled": "cli.operation.cancelled", "succeeded": "cli.operation.too_late"}.get(
        str(state), "cli.operation.failed"
    )
    return OperationFailed(code, id=operation.get("id"), kind=operation.get("kind"), detail=detail or "-")


def follow(client: Client, operation_id: str, deadline: float | None, timeout: object = None) -> dict[str, Any]:
    """The operation once it is terminal, shown on standard error while it runs.

    Raises ``WaitedTooLong`` at ``deadline`` (monotonic seconds), ``Interrupted`` on Ctrl-C.
    """
    from egovcloud.cli.live import display

    watch = Watch(client, operation_id)
    try:
        with display() as shown:
            watch.start()
            return _until_terminal(client, operation_id, deadline, timeout, watch, shown)
    except KeyboardInterrupt:
        raise Interrupted(operation_id) from None
    finally:
        watch.stop()


def _until_terminal(
    client: Client,
    operation_id: str,
    deadline: float | None,
    timeout: object,
    watch: Watch,
    shown: Display,
) -> dict[str, Any]:
    silent_since: float | None = None
    while True:
        try:
            operation = client.get(f"/operations/{operation_id}")
            silent_since = None
        except (Transient, Refused) as error:
            if isinstance(error, Refused) and error.kind != "transient":
                raise
            now = time.monotonic()
            silent_since = silent_since if silent_since is not None else now
            if now - silent_since > PATIENCE_S:
                raise
        else:
            if not isinstance(operation, dict):
                raise NotFound("cli.no_such", noun=say("cli.noun.operation"), name=operation_id)
            shown.update(operation)
            if operation.get("state") in TERMINAL:
                return operation
        left = deadline - time.monotonic() if deadline is not None else None
        if left is not None and left <= 0:
            raise WaitedTooLong("cli.waited", id=operation_id, seconds=timeout)
        pause = POLL_WITH_EVENTS_S if watch.live else POLL_S
        watch.next(pause if left is None else min(pause, left))


class Watch:
    """Listens to the operation's events in the background and wakes the waiter; being deaf is no failure."""

    def __init__(self, client: Client, operation_id: str) -> None:
        from egovcloud.cli.client import Client as Listener

        # Its own client: the waiter's closes while this one may still sit in a read.
        self._client = Listener(client.connection, attempts=1)
        self._params = {"operation_id": operation_id}
        self._changed = threading.Event()
        self._stopped = threading.Event()
        self.live = False
        self._thread = threading.Thread(target=self._listen, name="events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the listener to end; it is a daemon, so nobody waits for a silent stream."""
        self._stopped.set()

    def next(self, seconds: float) -> None:
        """Until something happened, or ``seconds`` at most."""
        self._changed.wait(seconds)
        self._changed.clear()

    def _listen(self) -> None:
        last_id = ""
        while not self._stopped.is_set():
            try:
                with self._client.open_stream("/events/stream", self._params, last_id) as lines:
                    from egovcloud.cli.stream import parse

                    self.live = True
                    # Something may have happened before the stream was open.
                    self._changed.set()
                    for event in parse(lines):
                        last_id = event.id or last_id
                        self._changed.set()
                        if self._stopped.is_set():
                            return
            except Refused as error:
                if error.kind != "transient":
                    return
            except Exception:  # noqa: S110 - polling goes on; a broken listener must not end the wait
                pass
            finally:
                self.live = False
            self._stopped.wait(1.0)


def _show(call: Call, ended: Sequence[Mapping[str, Any]]) -> None:
    """What came of it: the things that were made or changed; the operations where those are gone or many-typed."""
    from egovcloud.cli.nouns import by_type
    from egovcloud.cli.verbs import operation_columns

    things: list[Any] = []
    nouns = set()
    for operation in ended:
        subject = operation.get("subject") or {}
        noun = by_type(str(subject.get("type") or ""))
        if operation.get("state") != "succeeded" or noun is None or call.verb.method == "DELETE":
            break
        try:
            things.append(call.client.get(f"{noun.path}/{subject['id']}"))
        except (Refused, KeyError):
            break
        nouns.add(noun.name)
    if len(things) == len(ended) and len(nouns) == 1:
        noun = by_type(str(ended[0]["subject"]["type"]))
        assert noun is not None
        if len(things) == 1:
            call.output.one(things[0], noun.columns, noun.sections)
        else:
            call.output.rows(things, noun.columns)
    elif len(ended) == 1:
        call.output.one(ended[0], operation_columns())
    else:
        call.output.rows(list(ended), operation_columns())
