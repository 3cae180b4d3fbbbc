"""Chooses backends, and holds stores to their word: what is declared has to be proved in the same run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.proof import Proofs
from tests.contract_objects.adapter import Endpoint
from tests.contract_objects.backends import DEFAULT, Backend, backend

_chosen: pytest.StashKey[dict[str, Backend]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--store", action="append", help="run on this backend; default: " + ", ".join(DEFAULT))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "shows(*capabilities): the store's capabilities that this test proves")
    chosen = {name: backend(name) for name in config.getoption("store", default=None) or DEFAULT}
    config.stash[_chosen] = chosen
    proofs = Proofs({name: one.CAPABILITIES for name, one in chosen.items()})
    config.pluginmanager.register(_Referee(config, proofs), "objects-referee")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "opened_endpoint" in metafunc.fixturenames:
        names = sorted(metafunc.config.stash[_chosen])
        metafunc.parametrize("opened_endpoint", names, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test that a store does not promise to pass is no test of that store."""
    kept = []
    for item in items:
        name = getattr(getattr(item, "callspec", None), "params", {}).get("opened_endpoint")
        if name is not None:
            shown = {capability for mark in item.iter_markers("shows") for capability in mark.args}
            if not shown <= config.stash[_chosen][name].CAPABILITIES:
                continue
            item.user_properties.append(("objects", [name, *sorted(str(one) for one in shown)]))
        kept.append(item)
    items[:] = kept


@pytest.fixture(scope="session")
def opened_endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The backend's endpoint, opened once a run."""
    with request.config.stash[_chosen][request.param].open_endpoint(tmp_path_factory.mktemp("store")) as made:
        yield made


@pytest.fixture
def endpoint(opened_endpoint: Endpoint) -> Iterator[Endpoint]:
    """The endpoint, swept after each test."""
    yield opened_endpoint
    opened_endpoint.clean()


@pytest.fixture
def declared(request: pytest.FixtureRequest, opened_endpoint: Endpoint) -> frozenset[str]:
    """The capabilities that the backend says its store has."""
    name = request.node.callspec.params["opened_endpoint"]
    return frozenset(request.config.stash[_chosen][name].CAPABILITIES)


class _Referee:
    """Keeps the account of the whole run and speaks at its end."""

    def __init__(self, config: pytest.Config, proofs: Proofs) -> None:
        self._config = config
        self._proofs = proofs

    @property
    def _missing(self) -> list[tuple[str, str]]:
        """Of stores that ran at all: a part of the suite proves a part."""
        partial = any("::" in str(argument) or str(argument).endswith(".py") for argument in self._config.args)
        narrowed = self._config.getoption("keyword", "") or self._config.getoption("collectonly", False)
        if partial or narrowed:
            return []
        return [one for one in self._proofs.missing if self._proofs.passed[one[0]]]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == "objects" and isinstance(value, list):
                self._proofs.note(report.nodeid, value, report.when, report.outcome)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._missing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        passed = self._proofs.passed
        if passed:
            counts = ", ".join(f"{name} {passed[name]} passed" for name in sorted(passed))
            terminalreporter.write_line(f"contract of object storage: {counts}")
        for name, capability in self._missing:
            terminalreporter.write_line(
                f"contract: {name} declares {capability} without a test that proves it", red=True
            )
