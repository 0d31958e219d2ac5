"""`make run`: one parent that prepares the database, serves, restarts what dies and stops everything in order."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from supportdesk.lib.cluster import Cluster

RESTART_PAUSE_SECONDS = 1.0
STOP_GRACE_SECONDS = 10.0


@dataclass
class Service:
    """A child process and how to start it again."""

    name: str
    command: list[str]
    process: subprocess.Popen | None = None

    def start(self) -> None:
        # Its own group: Ctrl-C reaches this parent alone, which passes it on.
        self.process = subprocess.Popen(self.command, start_new_session=True)


class Command(BaseCommand):
    """Start everything and stay until Ctrl-C or SIGTERM."""

    help = "Set up and serve the whole product until Ctrl-C."

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))

    def handle(self, *, port: int, **options):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        services: list[Service] = []
        try:
            call_command("migrate", interactive=False, verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
            services = self._services(port)
            for service in services:
                service.start()
            self.stdout.write(f"supportdesk is at http://127.0.0.1:{port}   (Ctrl-C stops everything)")
            self.stdout.flush()
            self._watch(services)
        except KeyboardInterrupt:
            self.stdout.write("Stopping ...")
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._stop(services)
            if not os.environ.get("DATABASE_URL"):
                Cluster(settings.VAR_DIR).stop()

    def _services(self, port: int) -> list[Service]:
        web = [
            sys.executable, "-m", "gunicorn", "supportdesk.wsgi:application", "--bind", f"127.0.0.1:{port}",
            "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload", "--log-level", "warning",
        ]  # fmt: skip
        return [Service("web", web)]

    def _watch(self, services: list[Service]) -> None:
        while True:
            time.sleep(RESTART_PAUSE_SECONDS)
            for service in services:
                if service.process and service.process.poll() is not None:
                    self.stderr.write(f"{service.name} ended with {service.process.returncode}; starting it again.")
                    service.start()

    def _stop(self, services: list[Service]) -> None:
        running = [service.process for service in services if service.process and service.process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_GRACE_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
