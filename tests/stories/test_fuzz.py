"""The whole API under generated requests (schemathesis): never a 500, never an answer that the description lacks.

503 is the honest answer of a cloud that cannot be reached, as the one of this city.

Each operation of the API is called with the same number of cases, positive and negative, some of them at things that
exist; the caller holds every role that an account may hold, so that little is refused at the door.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS

from tests.support.everyone import holder_of_everything
from tests.support.town import Town

CASES = int(os.environ.get("EGOV_FUZZ_CASES", "5000" if "EGOV_THOROUGH" in os.environ else "500"))
# Of a hundred cases. The databases differ in few places; each has requests of its own.
SHARES = {"sqlite": 80, "postgresql": 20}
SEEDS = {"sqlite": 20261123, "postgresql": 20261124}
NAMES = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
# An endless answer; the session's own are told in stories, since they would sign the caller out.
LEFT_OUT = {"/events/stream", "/session", "/session/password"}


def test_no_request_meets_a_500_or_an_undocumented_answer(town: Town) -> None:
    kind = town.house.database.engine.dialect.name
    cases = CASES * SHARES[kind] // 100
    town.machine("shjz-web-1")
    town.bucket("papers")
    token = holder_of_everything(town)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", town.client.application)
    operations = [found.ok() for found in schema.get_all_operations()]
    wanted = [one for one in operations if one.path.removeprefix("/api/v1") not in LEFT_OUT]
    each = -(-cases * 11 // (10 * len(wanted)))  # some have fewer different requests than that
    known = _ids(town, token)
    statuses: Counter[int] = Counter()
    troubles: dict[str, str] = {}
    for operation in wanted:
        _fuzz(operation, each, SEEDS[kind], token, known, statuses, troubles)
    print(f"{kind}: {sum(statuses.values())} cases over {len(wanted)} operations: {dict(sorted(statuses.items()))}")
    assert not troubles, json.dumps(troubles, ensure_ascii=False, indent=1)[:8000]
    assert sum(statuses.values()) >= cases
    # Were everything refused at the door, nothing behind it would have been tried.
    assert sum(count for status, count in statuses.items() if status < 300) > cases // 20


def _fuzz(
    operation: Any,
    count: int,
    number: int,
    token: str,
    known: Mapping[str, list[str]],
    statuses: Counter[int],
    troubles: dict[str, str],
) -> None:
    checks = [CHECKS.get_one(name) for name in NAMES]
    label = f"{operation.method.upper()} {operation.path}"

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), pick=st.randoms(use_true_random=False))
    def run(case: Any, pick: Any) -> None:
        for name in case.path_parameters or {}:
            ids = known.get(name, [])
            if ids and pick.random() < 0.7:
                case.path_parameters[name] = pick.choice(ids)
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        statuses[response.status_code] += 1
        if response.status_code >= 500 and response.status_code != 503:
            troubles.setdefault(label, f"{response.status_code} {case.as_curl_command()}")
        try:
            case.validate_response(response, checks=checks)
        except (Exception, BaseExceptionGroup) as trouble:
            troubles.setdefault(label, str(trouble)[:1200])

    run()
    assert statuses


def _ids(town: Town, token: str) -> dict[str, list[str]]:
    """Ids of what exists, by the name that paths give them (``instance_id`` from ``/instances``)."""
    client = town.client.application.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    found: dict[str, list[str]] = {}
    for noun in (
        "departments projects applications flavors images networks security-groups instances volumes snapshots buckets "
        "floating-addresses requests operations users hosts host-pools sites zones providers storage-pools"
    ).split():
        answer = client.get(f"/api/v1/{noun}?limit=20", headers=headers)
        assert answer.status_code == 200, (noun, answer.get_data(as_text=True))
        name = noun.replace("-", "_").removesuffix("es" if noun.endswith("sses") else "s") + "_id"
        # Whoever disables themselves is only told so from then on.
        found[name] = [item["id"] for item in answer.get_json()["items"] if item.get("username") != "everything"]
    return found
