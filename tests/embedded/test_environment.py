"""What run.py fills in, and that the caller's own values win."""

import environ
import pytest

from embedded import environment
from embedded.environment import NOWHERE
from embedded.state import State


@pytest.fixture
def state(tmp_path) -> State:
    state = State(tmp_path / "a folder with spaces")
    state.take("start")
    return state


def _compose(caller, state, *, sandbox=True) -> tuple[environment.Ports, dict[str, str]]:
    ports = environment.choose_ports(caller, state, sandbox=sandbox)
    return ports, environment.compose(caller, ports, state, environment="development", web_port=8123)


def test_everything_is_filled_in_for_a_caller_who_sets_nothing(state) -> None:
    ports, env = _compose({}, state)

    assert (
        env["DATABASE_URL"] == f"postgres://berth_app:{state.secrets['app_password']}@127.0.0.1:{ports.postgres}/berth"
    )
    assert env["DATABASE_OWNER_URL"].startswith("postgres://berth_owner:")
    assert env["REDIS_URL"] == f"redis://:{state.secrets['redis_password']}@127.0.0.1:{ports.valkey}/0"
    assert env["STRIPE_API_BASE"] == f"http://127.0.0.1:{ports.sandbox}"
    assert env["FLUTTERWAVE_API_BASE"] == f"http://127.0.0.1:{ports.sandbox}/flutterwave"
    assert env["PUBLIC_URL"] == "http://127.0.0.1:8123"
    assert env["STRIPE_SECRET_KEY"].startswith("sk_test_")
    assert env["STRIPE_WEBHOOK_SECRET"].startswith("whsec_")
    assert env["FLUTTERWAVE_PUBLIC_KEY"].startswith("FLWPUBK_TEST-")
    assert env["FLUTTERWAVE_SECRET_KEY"].startswith("FLWSECK_TEST-")
    assert env["FLUTTERWAVE_WEBHOOK_SECRET"]
    assert len({ports.postgres, ports.valkey, ports.sandbox}) == 3


def test_mails_go_to_the_state_folder_as_django_environ_reads_it(state) -> None:
    _, env = _compose({}, state)

    config = environ.Env.email_url_config(env["EMAIL_URL"])

    assert config["EMAIL_BACKEND"] == "django.core.mail.backends.filebased.EmailBackend"
    assert config["EMAIL_FILE_PATH"] == str(state.mails)


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "JOBS_SECRET", "STRIPE_SECRET_KEY", "EMAIL_URL", "PUBLIC_URL", "ENVIRONMENT"]
)
def test_a_value_of_the_caller_wins_and_an_empty_one_is_none(name, state) -> None:
    assert _compose({name: "mine"}, state)[1][name] == "mine"
    assert _compose({name: ""}, state)[1][name] not in ("", "mine")


def test_a_database_of_the_caller_gets_no_server_and_no_owner(state) -> None:
    ports, env = _compose({"DATABASE_URL": "postgres://me@db/x"}, state)

    assert ports.postgres is None
    assert ports.valkey
    assert ports.sandbox
    assert env["DATABASE_URL"] == "postgres://me@db/x"
    assert "DATABASE_OWNER_URL" not in env


@pytest.mark.parametrize("caller", [{"REDIS_URL": "redis://cache/1"}, {"REDIS_HOST": "cache"}])
def test_a_redis_of_the_caller_gets_no_server(caller, state) -> None:
    ports, env = _compose(caller, state)

    assert ports.valkey is None
    assert env.get("REDIS_URL") == caller.get("REDIS_URL")


@pytest.mark.parametrize("name", ["STRIPE_API_BASE", "FLUTTERWAVE_API_BASE"])
def test_gateways_of_the_caller_get_no_sandbox(name, state) -> None:
    ports, env = _compose({name: "https://gateway"}, state)

    assert ports.sandbox is None
    assert {env["STRIPE_API_BASE"], env["FLUTTERWAVE_API_BASE"]} == {"https://gateway", NOWHERE}
    assert env[name] == "https://gateway"


def test_without_a_sandbox_nothing_reaches_a_real_gateway(state) -> None:
    env = _compose({}, state, sandbox=False)[1]

    assert (env["STRIPE_API_BASE"], env["FLUTTERWAVE_API_BASE"]) == (NOWHERE, NOWHERE)


def test_a_caller_with_gateways_and_a_key_of_its_own_reaches_the_real_one(state) -> None:
    _, env = _compose({"FLUTTERWAVE_API_BASE": "https://gateway", "STRIPE_SECRET_KEY": "sk_test_mine"}, state)

    assert "STRIPE_API_BASE" not in env


def test_ports_stay_the_same_from_run_to_run(state) -> None:
    assert _compose({}, state)[0] == _compose({}, state)[0]
