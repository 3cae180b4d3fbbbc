"""Commands without a noun: signing in and out, who am I, overview, search, completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Param, Verb, columns, integer, text
from egovcloud.cli.overview import show_overview
from egovcloud.cli.session import run_login, run_logout

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

FOUND = columns("type name department id")
SHELLS = ("bash", "zsh", "fish")


def run_whoami(call: Call) -> None:
    """The account and what it may do, and where that was learned."""
    session = call.client.get("/session")
    if call.output.format != "table":
        call.output.data(session)
        return
    user: dict[str, Any] = session.get("user") or {}
    shown = {
        "url": call.connection.url,
        "username": user.get("username"),
        "display_name": user.get("display_name"),
        "department": user.get("department"),
        "grants": session.get("grants") or user.get("grants"),
        "permissions": ", ".join(session.get("permissions") or []),
        "expires_at": session.get("expires_at"),
    }
    call.output.one(shown, (), {"grants": columns("role department")})


def run_overview(call: Call) -> None:
    """The centre (or the department) at a glance."""
    answer = call.client.get("/overview")
    if call.output.format == "table":
        show_overview(call.output, answer)
    else:
        call.output.data(answer)


def run_search(call: Call) -> None:
    """Whatever bears that name."""
    answer = call.client.get("/search", {"q": " ".join(call.values["words"])})
    call.output.rows(answer["items"] if isinstance(answer, dict) else answer, FOUND)


def run_completion(call: Call) -> None:
    """The script that the shell reads; it needs no server."""
    from egovcloud.cli.complete import SCRIPTS

    call.output.write(SCRIPTS[call.values["shell"]])


NOUN = Noun(
    "top",
    "/",
    verbs=(
        Verb(
            "login",
            run_login,
            (
                text("username", short="-u"),
                Param("password_file", metavar="FILE"),
                Param("new_password_file", metavar="FILE"),
                integer("days", default=7, metavar="DAYS"),
            ),
            examples=("login --url https://cloud.example.gov.cn", "login -u admin --password-file first-password"),
        ),
        Verb("logout", run_logout),
        Verb("whoami", run_whoami),
        Verb("overview", run_overview),
        Verb("search", run_search, (Param("words", many=True, argument=True, required=True, metavar="TEXT"),)),
        Verb(
            "completion",
            run_completion,
            (Param("shell", "choice", choices=SHELLS, argument=True, required=True),),
            examples=("completion bash > /etc/bash_completion.d/egovctl", "completion fish | source"),
        ),
    ),
)
