"""The official clients of OpenFeature and Unleash against a web process: PyPI, and npm where Node is present."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from UnleashClient import UnleashClient

from apps.flags import queries
from apps.flags.life_cycle import usage
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from tests.support.evaluators import kill
from tests.support.processes import ROOT, RUNTIME_ONLY, eventually, responds, running

pytestmark = [pytest.mark.usefixtures("flags"), pytest.mark.exhaustive("starts a web process")]
SCRIPTS = Path(__file__).with_name("clients")
OTHERS = Path(os.environ.get("FLAG_CLIENTS", ROOT.parent / "shared" / "suites" / "flags" / "clients"))
PACKAGES = ("@openfeature/web-sdk", "@openfeature/ofrep-web-provider", "unleash-client")
NPM_TIMEOUT_S = 120


@pytest.fixture
def server(environment, port) -> Iterator[str]:
    """The address of acme at a web process."""
    command = ("gunicorn", "-c", "python:config.web.server", "-b", f"127.0.0.1:{port}")
    with running(environment, *command, without=RUNTIME_ONLY):
        eventually(lambda: responds(f"http://127.0.0.1:{port}/healthz"))
        yield f"http://127.0.0.1:{port}/t/acme"


@pytest.fixture(scope="module")
def modules(tmp_path_factory) -> Path:
    """A folder with the npm packages."""
    npm = shutil.which("npm")
    if npm is None or not shutil.which("node"):
        pytest.skip("Node is not installed")
    folder: Path = tmp_path_factory.mktemp("npm")
    install = [
        npm,
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        str(folder),
        *PACKAGES,
    ]
    try:
        subprocess.run(install, check=True, capture_output=True, timeout=NPM_TIMEOUT_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm has not installed the packages: {error}")
    return folder


def run_node(modules: Path, script: Path, *arguments: str) -> str:
    copy = shutil.copy(script, modules / script.name)  # where Node finds the packages
    done = subprocess.run(
        [str(shutil.which("node")), copy, *arguments], capture_output=True, text=True, timeout=NPM_TIMEOUT_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def native(tenant, key: str) -> list[str]:
    """The users out of 1,000 for whom the flag is on."""
    with activate(tenant):
        rules = queries.rule_set()
        context = queries.context_of(None)
        users = map(str, range(1000))
        return [user for user in users if rules.evaluate(key, None, {**context, "user": user}).value is True]


def test_the_python_client_of_openfeature(server, program):
    api.set_provider(OFREPProvider(server, headers_factory=lambda: program.headers))
    client, context = api.get_client(), EvaluationContext("u1", {"country": "DE", "roles": ["clerk"]})

    for kind, key, default, value in (
        ("boolean", "bool-on", False, True),
        ("string", "str", "x", "hello"),
        ("integer", "int", 1, 10),
        ("float", "float", 2.5, 1.0),
        ("object", "obj", {}, {"a": [1, 2.5]}),
        ("boolean", "disabled", True, True),
        ("boolean", "targeted", False, True),
    ):
        details = getattr(client, f"get_{kind}_details")(key, default, context)
        assert (details.value, details.error_code) == (value, None), details
        assert details.flag_metadata["reason"]
    for key, default, evaluated_for, code in (
        ("nope", True, context, ErrorCode.FLAG_NOT_FOUND),
        ("half", True, EvaluationContext(), ErrorCode.TARGETING_KEY_MISSING),
        ("str", True, context, ErrorCode.TYPE_MISMATCH),
    ):
        assert client.get_boolean_details(key, default, evaluated_for).error_code == code, key

    kill("bool-on")
    eventually(lambda: client.get_boolean_value("bool-on", True, context) is False)


def test_the_python_client_of_unleash_agrees_for_1000_users_and_reports_use(server, program, acme, tmp_path):
    client = UnleashClient(
        url=f"{server}/api",
        app_name="erp",
        custom_headers={"Authorization": program.token},
        cache_directory=str(tmp_path),
        refresh_interval=1,
        metrics_interval=1,
    )
    client.initialize_client()
    try:
        enabled = [user for user in map(str, range(1000)) if client.is_enabled("half", {"userId": user})]
        assert enabled == native(acme, "half")
        assert 400 < len(enabled) < 600
        assert client.get_variant("str", {})["payload"]["value"] == "hello"
        kill("half")
        eventually(lambda: not client.is_enabled("half", {"userId": enabled[0]}))
    finally:
        client.destroy()

    with activate(None):
        served = usage.served_since(now(), is_reported=True)["half"]
    assert served["on"] >= len(enabled)
    assert served["off"] >= 1000 - len(enabled)


def test_the_web_client_of_openfeature(server, program, modules):
    shown: dict[str, Any] = json.loads(run_node(modules, SCRIPTS / "ofrep_web.mjs", server, program.token))

    details = shown["details"]
    assert {key: details[key]["value"] for key in details} == {
        "bool-on": True,
        "str": "hello",
        "int": 10,
        "float": 1,
        "obj": {"a": [1, 2.5]},
        "disabled": True,
        "nope": True,
        "targeted": True,
    }
    assert details["nope"]["errorCode"] == "FLAG_NOT_FOUND"
    assert details["disabled"]["reason"] == "DISABLED"
    assert shown["unchanged"] == [], "a second response with the same flags changes none"
    assert shown["elsewhere"] is False


def test_the_node_client_of_unleash_agrees_for_1000_users(server, program, acme, modules):
    output = run_node(modules, SCRIPTS / "unleash.mjs", f"{server}/api", program.token, "half")

    assert json.loads(output) == native(acme, "half")


@pytest.mark.skipif(not OTHERS.is_dir(), reason="the scripts of the peers' suites are not there")
def test_the_scripts_of_the_peers_suites_run(server, program):
    """They print what a client gets, flag by flag."""
    done = subprocess.run(
        [sys.executable, OTHERS / "ofrep_python_check.py", server, program.token],
        capture_output=True,
        text=True,
        timeout=NPM_TIMEOUT_S,
    )

    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert done.returncode == 0, done.stderr
    assert "value=True variant='on'" in lines["bool"]
    assert "value=1.0 variant='one'" in lines["float"]
    assert "TYPE_MISMATCH" in lines["float<-int"]
    assert "FLAG_NOT_FOUND" in lines["missing"]
