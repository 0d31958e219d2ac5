"""Take mail by SMTP until stopped."""

import asyncio
import signal

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from mail.listener import Listener


class Command(BaseCommand):
    """Listens on loopback unless told otherwise; ends on SIGTERM or Ctrl-C after the mails in hand are kept."""

    help = "Listen for mail by SMTP on SMTP_HOST and SMTP_PORT."

    def add_arguments(self, parser):
        parser.add_argument("--host", default=settings.SMTP_HOST)
        parser.add_argument("--port", type=int, default=settings.SMTP_PORT)

    def handle(self, *, host, port, **options):
        asyncio.run(self._serve(host, port))

    async def _serve(self, host: str, port: int) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        server = await Listener(timezone.now).serve(host, port)
        self.stdout.write(f"Mail is taken at {host}:{port}.")
        self.stdout.flush()
        await stop.wait()
        server.close()
        await server.wait_closed()
