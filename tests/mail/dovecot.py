"""A real Dovecot on loopback, from Debian's package, with its data in a folder of the test."""

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.sinks import free_port

PASSWORD = "pass word{%Ü"

CONFIG = """
base_dir = {run}
state_dir = {run}
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login_user}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u:UTF-8
mail_plugins =
imap_max_line_length = 1M
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u {folder}/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


class Dovecot:
    """`port` to connect to, `deliver` to put mails into a folder, `renumber` to lose the UIDs as a restore does."""

    def __init__(self, folder: Path, token_info: str = "") -> None:
        self.folder, self.port, self.token_info = folder, free_port(), token_info
        self.uid, self.gid = self._owner()

    def start(self) -> None:
        """Start in the foreground, as a child of the test."""
        binary = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
        run = self.folder / "run"
        for one in (run, self.folder / "mail"):
            one.mkdir(parents=True, exist_ok=True)
        user, group = pwd.getpwuid(self.uid).pw_name, grp.getgrgid(self.gid).gr_name
        login_user = "dovenull" if os.geteuid() == 0 else user
        (self.folder / "users").write_text(f"help@desk.example:{{PLAIN}}{PASSWORD}\n")
        (self.folder / "oauth2.conf").write_text(
            f"tokeninfo_url = {self.token_info or 'http://127.0.0.1:9/'}\nusername_attribute = username\n"
        )
        config = self.folder / "dovecot.conf"
        words = {"folder": self.folder, "run": run, "port": self.port}
        config.write_text(CONFIG.format(user=user, group=group, login_user=login_user, **words))
        for one in (self.folder, *self.folder.rglob("*")):
            os.chown(one, self.uid, self.gid)
        self.process = subprocess.Popen([binary, "-F", "-c", str(config)], stderr=subprocess.DEVNULL)
        self._wait()

    def stop(self) -> None:
        """Stop it and wait for it."""
        self.process.terminate()
        self.process.wait(10)

    def cut(self) -> None:
        """Die as by a power cut, with every conversation that is going on."""
        families = {int(line.split()[0]): int(line.split()[3]) for line in _stat_lines()}
        children = [pid for pid, parent in families.items() if parent == self.process.pid]
        for pid in (self.process.pid, *children):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        (self.folder / "run" / "master.pid").unlink(missing_ok=True)

    def deliver(self, *mails: bytes, folder: str = "") -> None:
        """Put mails into a maildir folder, in order."""
        place = self.maildir(folder)
        for one in ("cur", "new", "tmp"):
            (place / one).mkdir(parents=True, exist_ok=True)
        for mail in mails:
            name = f"{time.time_ns()}.M1P1.test"
            (place / "tmp" / name).write_bytes(mail)
            (place / "tmp" / name).rename(place / "new" / name)
        self._own(self.folder / "mail")

    def renumber(self) -> None:
        """Forget every UID, as a restore from backup does: the folder gets another UIDVALIDITY."""
        for one in self.maildir("").glob("dovecot*"):
            one.unlink()
        time.sleep(1.1)  # UIDVALIDITY is the second of creation

    def flags(self) -> list[str]:
        """What every message in INBOX is flagged with."""
        return sorted(one.name.partition(":2,")[2] for one in self.maildir("").glob("*/*.M1P1.test*"))

    def maildir(self, folder: str) -> Path:
        """Where a folder lies; Maildir++ puts subfolders beside INBOX with a dot."""
        home = self.folder / "mail" / "help@desk.example"
        return home / f".{folder}" if folder else home

    def _own(self, top: Path) -> None:
        for one in (top, *top.rglob("*")):
            os.chown(one, self.uid, self.gid)

    def _owner(self) -> tuple[int, int]:
        if os.geteuid() != 0:
            return os.getuid(), os.getgid()
        entry = pwd.getpwnam("dovecot")
        return entry.pw_uid, entry.pw_gid

    def _wait(self) -> None:
        ends_at = time.monotonic() + 10
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
                    if probe.recv(4) == b"* OK":
                        return
            except OSError:
                pass
            log = self.folder / "log"
            assert time.monotonic() < ends_at, log.read_text() if log.exists() else self.process.poll()
            time.sleep(0.05)


def _stat_lines() -> list[str]:
    lines = []
    for one in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            pid, _, rest = one.read_text().partition(" (")
            lines.append(f"{pid} name {rest.rpartition(') ')[2]}")
    return lines


@contextmanager
def dovecot(folder: Path, token_info: str = ""):
    """A started Dovecot. `token_info` is where it asks whose an access token is."""
    server = Dovecot(folder, token_info)
    server.start()
    try:
        yield server
    finally:
        server.stop()
