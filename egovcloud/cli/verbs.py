"""The verbs that most nouns share: list, show, create, update, delete, and actions. All of them driven by the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from egovcloud.cli.confirm import confirm
from egovcloud.cli.declare import Column, Param, Verb
from egovcloud.cli.failures import Usage
from egovcloud.cli.language import say
from egovcloud.cli.values import label

if TYPE_CHECKING:
    from egovcloud.cli.call import Call
    from egovcloud.cli.client import Answer

TARGET = Param("target", "target", argument=True, required=True, body=False)
TARGETS = Param("target", "target", argument=True, required=True, many=True, body=False)


def lists(*params: Param, **more: Any) -> Verb:
    return Verb("list", run_list, params, lists=True, **more)


def shows(**more: Any) -> Verb:
    return Verb("show", run_show, (TARGET,), **more)


def creates(*params: Param, name: str = "create", **more: Any) -> Verb:
    return Verb(name, run_create, params, writes=True, **more)


def updates(*params: Param, name: str = "update", **more: Any) -> Verb:
    return Verb(name, run_update, (TARGET, *params), writes=True, method=more.pop("method", "PATCH"), **more)


def deletes(name: str = "delete", **more: Any) -> Verb:
    return Verb(name, run_delete, (TARGETS,), writes=True, danger=True, method="DELETE", **more)


def action(name: str, *params: Param, suffix: str = "", many: bool = True, **more: Any) -> Verb:
    """``POST /things/{id}/<name>``; ``many`` lets it act on several things at once."""
    run = more.pop("run", run_action)
    return Verb(name, run, (TARGETS if many else TARGET, *params), writes=True, suffix=suffix or "/" + name, **more)


def run_list(call: Call) -> None:
    """GET the list with filters, search, order and paging."""
    list_things(call, call.noun.path, call.verb.columns or call.noun.columns)


def list_things(call: Call, path: str, columns: Sequence[Column], extra: dict[str, Any] | None = None) -> None:
    """A list at any address: ``--limit`` things, or all of them page by page."""
    values = call.values
    params: dict[str, Any] = {**filters(call), **(extra or {})}
    params |= {"q": values.get("query"), "sort": values.get("sort"), "after": values.get("after")}
    if values.get("count"):
        answer = call.client.get(path, {**params, "limit": 1, "count": "true"})
        call.output.write(str(answer.get("total") if isinstance(answer, dict) else ""))
        return
    everything = bool(values.get("all"))
    limit = 50 if values.get("limit") is None else int(values["limit"])
    if limit < 1:
        raise Usage("cli.bad_number", option="--limit", value=limit)
    items: list[Any] = []
    more = None
    for page in call.client.pages(path, {**params, "limit": 200 if everything else min(limit, 200)}):
        items += page["items"]
        more = page.get("next")
        if not everything and len(items) >= limit:
            break
        if not everything and limit - len(items) < 200 and more:
            # The last page asks only for what is missing, so that its cursor points behind what was shown.
            rest = call.client.get(path, {**params, "limit": limit - len(items), "after": more})
            items += rest["items"]
            more = rest.get("next")
            break
    call.output.rows(items, columns)
    if more and not everything:
        call.output.note(say("cli.more", count=len(items), cursor=more))


def filters(call: Call) -> dict[str, Any]:
    """Query parameters out of the noun's own filter options and ``--filter key=value``."""
    known = {p.name: p for p in (*call.noun.filters, *call.verb.params) if p.body and not p.argument}
    found: dict[str, Any] = {}
    for param in known.values():
        _put(found, param, call.convert(param))
    for word in call.values.get("filter") or []:
        name, equals, value = str(word).partition("=")
        if not equals or not name:
            raise Usage("cli.bad_filter", value=word)
        filter_param = known.get(name.replace("-", "_"))
        if filter_param is not None and filter_param.kind == "ref":
            value = ",".join(call.identify(filter_param.noun, part) for part in value.split(","))
            name = filter_param.key or f"{filter_param.name}_id"
        found[name] = value
    return found


def _put(found: dict[str, Any], param: Param, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        value = "true" if value else "false"
    key = param.key or (f"{param.name}_id" if param.kind == "ref" else param.name)
    found[key] = ",".join(str(part) for part in value) if isinstance(value, list) else value


def run_show(call: Call) -> None:
    """GET one."""
    (target,) = call.targets()
    item = call.client.get(f"{call.noun.path}/{target['id']}")
    call.output.one(item, call.noun.columns, call.noun.sections)


def run_create(call: Call) -> None:
    """POST a new one."""
    finish(call, [call.send("POST", call.noun.path + call.verb.suffix, body=call.body())])


def run_update(call: Call) -> None:
    """PATCH (or PUT) what was given, and refuse to send nothing."""
    body = call.body()
    if not body:
        options = ", ".join(param.flag_name for param in call.verb.params if param.body)
        raise Usage("cli.nothing_to_change", options=options)
    (target,) = call.targets()
    path = f"{call.noun.path}/{target['id']}{call.verb.suffix}"
    finish(call, [call.send(call.verb.method, path, body=body)])


def run_delete(call: Call) -> None:
    """DELETE after the name was typed (or ``--yes``)."""
    run_targets(call, "", None)


def run_action(call: Call) -> None:
    """POST an action to every target."""
    takes_body = any(param.body for param in call.verb.params)
    run_targets(call, call.verb.suffix, call.body() if takes_body else None)


def run_targets(call: Call, suffix: str, body: Any) -> None:
    """The same write to every target; dangerous ones are named first, all of them, before the first is sent."""
    targets = call.targets()
    if call.verb.danger and not call.dry_run:
        targets = [named(call, target) for target in targets]
        for target in targets:
            confirm(call, label(target))
    answers = []
    for target in targets:
        params = {"confirm": label(target)} if call.verb.confirms else None
        answers.append(
            call.send(call.verb.method, f"{call.noun.path}/{target['id']}{suffix}", body=body, params=params)
        )
    finish(call, answers)


def named(call: Call, target: dict[str, Any]) -> dict[str, Any]:
    """The target with its name, which an id alone does not tell."""
    if len(target) > 1:
        return target
    item = call.client.get(f"{call.noun.path}/{target['id']}")
    return item if isinstance(item, dict) else target


def finish(call: Call, answers: Sequence[Answer | None]) -> None:
    """Show what the server answered; with ``--wait`` follow its operations first."""
    from egovcloud.cli.wait import operation_of, settle

    sent = [answer for answer in answers if answer is not None]
    operations = [operation for answer in sent if (operation := operation_of(answer)) is not None]
    if call.wait and operations:
        settle(call, operations)
        return
    things = [answer.data for answer in sent if answer.data is not None]
    accepted = len(things) == len(operations) and all("progress" in thing for thing in things)
    columns = operation_columns() if accepted else call.noun.columns
    if len(things) == 1:
        call.output.one(things[0], columns, {} if accepted else call.noun.sections)
    elif things:
        call.output.rows(things, columns)
    elif sent:
        call.output.note(say("cli.done"))
    if operations and not call.wait and call.output.format == "table":
        call.output.note(say("cli.follow", id=operations[0]["id"]))


def operation_columns() -> tuple[Column, ...]:
    from egovcloud.cli.nouns import load

    return load("operation").columns
