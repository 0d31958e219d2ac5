"""`make run`: one parent that prepares the database, serves, restarts what dies and stops everything in order."""

import asyncio
import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import sys
import tempfile
from functools import cached_property
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand, CommandError

from supportdesk.lib.children import Children, Service
from supportdesk.lib.cluster import Cluster, ClusterUnavailable
from supportdesk.lib.front_proxy import FrontProxy
from supportdesk.lib.ownership import AlreadyOwned, sole_owner
from supportdesk.management.commands.prepare import NOBODY

HOST = "127.0.0.1"
SOCKET_PATH_LIMIT = 100  # an address holds 107 bytes
DATABASE_CHECK_SECONDS = 1.0
FIRST_PAGE_SECONDS = 120.0
ADDRESS = "{address}"  # in what is kept of the demo's words; the port may be another next time


class Command(BaseCommand):
    """Start everything and stay until Ctrl-C or SIGTERM."""

    help = "Set up and serve the whole product until Ctrl-C."
    requires_system_checks = []  # `prepare` makes them; so this process stays small

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))

    def handle(self, *, port: int, **options):
        self.port = port
        self.cluster = None if os.environ.get("DATABASE_URL") else Cluster(settings.VAR_DIR)
        try:
            with sole_owner(settings.VAR_DIR, self.sockets / "up.json", address=self.address) as lock:
                try:
                    asyncio.run(self._run(lock))
                finally:
                    if self.cluster:
                        self.cluster.stop()
                    shutil.rmtree(self.sockets, ignore_errors=True)
        except AlreadyOwned as owner:
            raise CommandError(
                f"supportdesk already runs on {settings.VAR_DIR} ({owner}). Stop it first, or name another VAR_DIR."
            ) from None

    async def _run(self, lock: int) -> None:
        stop = asyncio.Event()
        front = FrontProxy(self._server_for, behind_a_proxy=settings.TRUSTED_PROXIES > 0)
        await self._take_ports(front)
        self.children = Children(
            environment=self.environment, say=self._say, lock=lock, home=settings.VAR_DIR if self.cluster else None,
            litter=self.sockets,
        )  # fmt: skip
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._asked_to_stop, stop)
        serving = asyncio.create_task(self._serve())
        try:
            await asyncio.wait([serving, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()  # it only ends by an error, which the person should see
        finally:
            self._say("Stopping ...")
            front.hang_up()
            serving.cancel()
            await self.children.stop()
            await asyncio.wait([serving])
            self.children.dismiss_guard()

    async def _serve(self) -> None:
        is_empty = NOBODY in await self._prepare()
        demo = await self._demo(is_empty=is_empty)
        try:
            await self._keep_serving(demo)
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _keep_serving(self, demo: str) -> None:
        web, *others = self._services()
        async with asyncio.TaskGroup() as group:
            if self.cluster:
                group.create_task(self._keep_database(self.cluster))
            group.create_task(self.children.keep(web))
            await self._first_page()  # before the others ask for the processor too
            for service in others:
                group.create_task(self.children.keep(service))
            self._say(f"\nsupportdesk is at {self.address}   (Ctrl-C stops everything)\n{demo}".rstrip())

    def _asked_to_stop(self, stop: asyncio.Event) -> None:
        if stop.is_set():
            self.hurry = asyncio.ensure_future(self.children.stop())
        stop.set()

    async def _take_ports(self, front: FrontProxy) -> None:
        smtp_port = settings.SMTP_PORT
        try:
            await front.listen(HOST, self.port)
            if "smtp_listener" in get_commands():
                with socket.create_server((settings.SMTP_HOST, smtp_port)):
                    pass
        except OSError as error:
            name, port = ("SMTP_PORT", smtp_port) if front.listens else ("PORT", self.port)
            raise CommandError(
                f"Port {port} cannot be used: {os.strerror(error.errno or 0)}. "
                f"Name a free one, for example: {name}={port + 1} make run"
            ) from None

    async def _prepare(self) -> str:
        if self.cluster:  # again: a run that was killed may have been stopping it until we had the lock
            await asyncio.to_thread(self.cluster.start)
        for message in (settings.VAR_DIR / "broker").glob("*.msg"):
            message.unlink()  # wake-ups of the last run; the rows that they meant are found by the sweeps
        said = await self.children.once(Service("prepare", _manage("prepare")))
        if said is None:
            raise CommandError("supportdesk cannot start; the reason is above.")
        return said

    async def _demo(self, *, is_empty: bool) -> str:
        """Fill an empty database once; answers what the demo says about signing in.

        A database that somebody else runs is filled only when DEMO asks for it.
        """
        kept = settings.VAR_DIR / "demo.txt"  # empty while the demo is being made
        wanted = os.environ.get("DEMO", "1" if self.cluster else "0") != "0" and "demo" in get_commands()
        if wanted and (is_empty or (kept.exists() and not kept.read_text())):
            self._say("Making up a company to look at (once) ...")
            kept.touch()
            said = await self.children.once(Service("demo", _manage("demo")))
            if said is None:
                return "The demo company could not be made; the reason is above. The rest works."
            kept.write_text(said.replace(self.address, ADDRESS))
        return kept.read_text().strip().replace(ADDRESS, self.address) if kept.exists() else ""

    def _services(self) -> list[Service]:
        # Whoever runs `make run` as root knows it.
        celery = [
            sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "-q", "--skip-checks",
            "-A", "supportdesk", "worker",
        ]  # fmt: skip
        alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        processes = os.environ.get("WORKER_PROCESSES", "2")
        services = [
            Service("web", [
                sys.executable, "-m", "gunicorn", "-c", str(settings.BASE_DIR / "deploy" / "gunicorn.conf.py"),
                "--bind", f"unix:{self.sockets / 'web'}",
            ]),
            Service("worker", [*celery, "--concurrency", processes, *alone, "--loglevel", "warning"]),
            Service("beat", [sys.executable, "-m", "supportdesk.beat"]),
        ]  # fmt: skip
        if self.has_live:
            services.append(Service("live", [
                sys.executable, "-m", "uvicorn", "supportdesk.asgi:application", "--uds", str(self.sockets / "live"),
                "--no-access-log", "--log-level", "warning", "--lifespan", "auto", "--timeout-graceful-shutdown", "1",
            ]))  # fmt: skip
        if "smtp_listener" in get_commands():
            services.append(Service("smtp", _manage("smtp_listener", "--skip-checks")))
        return services

    async def _keep_database(self, cluster: Cluster) -> None:
        """Start our PostgreSQL again when it has died (F6)."""
        while True:
            await asyncio.sleep(DATABASE_CHECK_SECONDS)
            if not _server_runs(cluster.data):
                self._say("postgres ended; starting it again.")
                with contextlib.suppress(ClusterUnavailable):  # what it left behind still ends; the next round
                    await asyncio.to_thread(cluster.start)

    async def _first_page(self) -> None:
        deadline = asyncio.get_running_loop().time() + FIRST_PAGE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_unix_connection(self.sockets / "web")
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise CommandError(f"No page came within {FIRST_PAGE_SECONDS:.0f} s; the reason is above.")

    def _server_for(self, path: str) -> Path:
        is_live = self.has_live and (path == "/live" or path.startswith("/live/"))
        return self.sockets / ("live" if is_live else "web")

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    @cached_property
    def has_live(self) -> bool:
        return importlib.util.find_spec("supportdesk.asgi") is not None

    @cached_property
    def sockets(self) -> Path:
        """Where the servers behind the proxy listen; nobody else may enter."""
        folder = settings.VAR_DIR / "run"
        if len(str(folder / "live")) > SOCKET_PATH_LIMIT:
            digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
            folder = Path(tempfile.gettempdir()) / f"sd-run-{digest}"
        return folder

    @cached_property
    def environment(self) -> dict[str, str]:
        """The children's. They use our database and never start one themselves; the proxy is one hop more."""
        environment = {
            "SITE_URL": self.address,
            **os.environ,
            "DATABASE_URL": settings.DATABASE_URL,
            "VAR_DIR": str(settings.VAR_DIR),
            "TRUSTED_PROXIES": str(settings.TRUSTED_PROXIES + 1),
            "PYTHONUNBUFFERED": "1",
        }
        environment.pop("LIVE_PORT", None)  # the proxy brings `/live` to the same address
        return environment


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def _server_runs(data: Path) -> bool:
    """Whether the process that wrote PostgreSQL's own pid file lives. Asks without a connection."""
    try:
        process = (data / "postmaster.pid").read_text().split()[0]
        return b"postgres" in Path(f"/proc/{process}/cmdline").read_bytes()
    except (OSError, IndexError):
        return False
