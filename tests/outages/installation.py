"""A whole Berth: PostgreSQL, Valkey, web, worker and beat, with the gateways' sandbox and a mail server beside it."""

import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from django.conf import settings

from tests import scratch
from tests.another_server import Server
from tests.outages.machines import Machine, Store, Web, beat, worker
from tests.races.mail_sink import MailSink, mail_sink
from tests.services import ROOT, Sandbox, environment, wait_until

DATABASE = "berth"  # which the server makes when it starts
PAUSE = 0.1  # seconds between two looks at what runs


class Installation:
    """Machines by name; what dies is started again, as whatever runs them in production does.

    While it serves, Django in this process works on its database too.
    """

    def __init__(self, sandbox: Sandbox, mails: MailSink, block: ExitStack) -> None:
        self.sandbox = sandbox
        self.mails = mails
        self.machines: dict[str, Machine] = {}
        self.ended_by_themselves: list[str] = []
        self.url = ""
        self._block = block

    def start_stores(self, folder: Path) -> Server:
        """PostgreSQL and Valkey, on this folder; what others lean on is first among the machines."""
        stores = {"PostgreSQL": Store("postgres", folder), "Valkey": Store("valkey", folder)}
        for name, store in stores.items():
            self._block.callback(store.stop)
            store.start()
            self.machines[name] = store
        self._redis_url = stores["Valkey"].held.environment["REDIS_URL"]
        self._folder = folder
        self.server = Server.of(stores["PostgreSQL"].held)
        return self.server

    def lose_everything(self) -> None:
        """All machines die at once, with their disks."""
        for machine in reversed(self.machines.values()):
            machine.kill()
        for one in self._folder.iterdir():
            shutil.rmtree(one) if one.is_dir() else one.unlink()

    def serve(self, server: Server, database: str, folder: Path) -> None:
        """Web, worker and beat, on this database; the gateway tells this web server."""
        services = self.environment(server, database)
        web = Web(**services)
        services["PUBLIC_URL"] = self.url = web.url
        programs = {"web": web, "worker": worker(**services), "beat": beat(folder, **services)}
        for name, program in programs.items():
            self._block.callback(program.stop)
            program.start()
            self.machines[name] = program
        self.sandbox.control("endpoint", url=f"{web.url}/webhooks/stripe")
        self._block.enter_context(scratch.served_by(server.addresses(database)))

    def environment(self, server: Server, database: str) -> dict[str, str]:
        """What its programs are told."""
        return {
            "DATABASE_URL": server.runtime_url(database),
            "DATABASE_OWNER_URL": server.owner_url(database),
            "REDIS_URL": self._redis_url,
            "EMAIL_URL": self.mails.url,
            "STRIPE_API_BASE": self.sandbox.url,
        }

    def kill(self, names: Collection[str], seconds: float) -> None:
        """These die at once, are away for so long, and come back."""
        for name in names:
            self.machines[name].kill()
        self.look_after(seconds, without=names)
        for name, machine in self.machines.items():
            if name in names:
                machine.start()

    def look_after(self, seconds: float, without: Collection[str] = ()) -> None:
        """Let time pass; whatever else ends meanwhile is started again, and remembered."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for name, machine in self.machines.items():
                if name not in without and not machine.is_running:
                    self.ended_by_themselves.append(name)
                    machine.start()
            time.sleep(PAUSE)

    def is_well(self) -> bool:
        """Whether everything that it is made of says so, a job in the last minutes included."""
        try:
            report = httpx.get(f"{self.url}/health/ready", timeout=5, trust_env=False).json()
        except httpx.TransportError:
            return False
        return {report[what] for what in ("database", "cache", "broker", "worker")} == {"ok"}

    def run_jobs(self, *names: str) -> None:
        """As a scheduler from outside would."""
        headers = {"X-Jobs-Secret": settings.JOBS_SECRETS[0]}
        for name in names:
            url = f"{self.url}/api/v1/jobs/{name}"
            answer = httpx.post(url, json={}, headers=headers, timeout=120, trust_env=False)
            assert answer.status_code == 200, answer.text

    def hear_everything(self) -> None:
        """Until the gateway has told all that it had to tell; what failed at first is told again at once."""

        def is_told() -> bool:
            deliveries = self.sandbox.state["deliveries"]
            told = {one["event"] for one in deliveries if one["state"] == "delivered"}
            untold = {one["event"] for one in deliveries} - told
            for event in untold:
                self.sandbox.deliver(event)
            return not untold

        wait_until(is_told, "every event to be told", patience=120)


@contextmanager
def installation(sandbox: Sandbox, folder: Path) -> Iterator[Installation]:
    """One that serves."""
    with ExitStack() as block:
        whole = Installation(sandbox, block.enter_context(mail_sink()), block)
        server = whole.start_stores(folder)
        _migrate(whole.environment(server, DATABASE))
        whole.serve(server, DATABASE, folder)
        yield whole


def _migrate(services: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate", "--no-input"]
    done = subprocess.run(command, cwd=ROOT, env=environment(**services), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
