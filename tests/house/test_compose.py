"""docker-compose.yml, the image and nginx.conf say things that are true: each command is run here, natively."""

import contextlib
import http.server
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
import yaml
from django.db import connection

from tests.test_up import free_port

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "supportdesk"}
PORTS = {"web": "8000", "live": "8001", "smtp": "2525"}


def command(name: str) -> list[str]:
    return [str(word) for word in OURS[name]["command"]]


def test_the_services_are_those_of_make_run_and_their_servers():
    assert set(COMPOSE["services"]) == {
        "migrate", "web", "worker", "beat", "live", "smtp", "nginx", "postgres", "redis",
    }  # fmt: skip


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_long_lived_service_reaps_its_children_restarts_and_is_checked(name):
    service = COMPOSE["services"][name]

    assert service["init"] is True
    if name != "migrate":
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_without_rights_and_take_secrets_from_files(name):
    service = OURS[name]

    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    for variable, value in service["environment"].items():
        if any(word in variable for word in ("SECRET", "KEY", "PASSWORD", "DATABASE_URL")):
            assert variable.endswith("_FILE"), variable
            assert value.removeprefix("/run/secrets/") in service["secrets"]


@pytest.mark.parametrize("name", OURS)
def test_every_setting_of_the_env_file_reaches_our_services_and_never_the_image(name):
    """Payments, providers of mail and the scanner are set there: docs/settings.md names too many to list them twice."""
    assert OURS[name]["env_file"] == [{"path": ".env", "required": False}]
    assert {".env", "deploy/secrets"} <= set((ROOT / ".dockerignore").read_text().split())


def test_every_secret_is_made_by_the_script_and_kept_the_second_time(tmp_path):
    (tmp_path / "make-secrets.sh").write_text((ROOT / "deploy" / "make-secrets.sh").read_text())

    made = []
    for _ in range(2):
        subprocess.run(["sh", str(tmp_path / "make-secrets.sh")], check=True, capture_output=True)
        made.append({path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()})

    assert made[0] == made[1]
    assert set(made[0]) == set(COMPOSE["secrets"])
    assert made[0]["postgres_password"] in made[0]["database_url"]
    assert len(set(made[0].values())) == 4
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_nothing_is_published_beyond_this_host_unless_asked():
    for name, service in COMPOSE["services"].items():
        for port in service.get("ports", []):
            assert "-127.0.0.1:" in port, (name, port)


def test_the_image_installs_by_hash_and_runs_as_nobody_special():
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert "--require-hashes -r base.txt" in dockerfile
    assert dockerfile.index("USER supportdesk") < dockerfile.index("CMD [")


# The commands themselves.


@pytest.fixture
def environment(transactional_db, tmp_path):
    """What a container gets, on this test's database."""
    options = connection.get_connection_params()
    address = f"postgres://{options['user']}:{options['password']}@/{options['dbname']}?host={options['host']}"
    if "port" in options:
        address += f"&port={options['port']}"
    return {
        **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "VAR_DIR": str(tmp_path),
        "ALIVE_FILE": natively(OURS["worker"]["environment"]["ALIVE_FILE"], None, "", tmp_path),
        "STATIC_ROOT": str(tmp_path / "static"),
        "DATABASE_URL": address,
        "SECRET_KEY": "for the containers of this test, long enough",
        "SITE_URL": "https://desk.example",
        "ALLOWED_HOSTS": "desk.example",
        "TRUSTED_PROXIES": "1",
    }


@pytest.fixture
def start(environment, tmp_path):
    """A function that starts the command of a service, on a free port and with /tmp being the test's."""
    started = []

    def run(name):
        port = str(free_port())
        process = subprocess.Popen(
            [natively(word, PORTS.get(name), port, tmp_path) for word in command(name)],
            cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        check = [natively(word, PORTS.get(name), port, tmp_path) for word in OURS[name]["healthcheck"]["test"][1:]]
        return process, check

    yield run
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def natively(word: str, declared: str | None, port: str, folder: Path) -> str:
    if declared:
        word = word.replace(declared, port)
    return word.replace("0.0.0.0", "127.0.0.1").replace("/tmp/", f"{folder}/")  # noqa: S104


@pytest.mark.parametrize("name", ["web", "worker", "beat", "live", "smtp"])
def test_the_command_of_a_service_runs_is_found_healthy_and_stops_when_asked(name, start, environment):
    if name == "web":
        subprocess.run(
            [*command("migrate")[:2], "collectstatic", "-v0", "--no-input"], cwd=ROOT, env=environment, check=True
        )
    if name == "worker":
        subprocess.run(["python", "-c", WAKE], cwd=ROOT, env=environment, check=True)
    process, check = start(name)

    deadline = time.monotonic() + 60
    while (health := subprocess.run(check, cwd=ROOT, env=environment, capture_output=True, text=True)).returncode:
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < deadline, health.stderr
        time.sleep(0.3)

    process.terminate()
    assert process.wait(15) in (0, -signal.SIGTERM)
    assert subprocess.run(check, cwd=ROOT, env=environment, capture_output=True).returncode == (
        0 if name in ("worker", "beat") else 1  # theirs is a file, which grows old
    )


WAKE = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "supportdesk.settings"
django.setup()
from supportdesk.lib.background import wake
assert wake("timers.sweep")
"""


def test_the_migrate_command_has_nothing_to_do_on_a_migrated_database(environment):
    done = subprocess.run(command("migrate"), cwd=ROOT, env=environment, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert "No migrations to apply." in done.stdout


def test_a_file_that_is_old_or_missing_is_not_healthy(tmp_path):
    check = [sys.executable, str(ROOT / "deploy" / "healthcheck.py"), "touched", f"{tmp_path}/alive*", "60"]
    assert subprocess.run(check, capture_output=True).returncode == 1

    (tmp_path / "alive.db").touch()
    assert subprocess.run(check, capture_output=True).returncode == 0

    os.utime(tmp_path / "alive.db", (time.time() - 61, time.time() - 61))
    assert subprocess.run(check, capture_output=True).returncode == 1


needs_nginx = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not on this machine")


class Telling(http.server.BaseHTTPRequestHandler):
    """A server that answers with the request it got."""

    def do_GET(self):
        told = "".join(f"{name}: {value}\n" for name, value in self.headers.items()).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(told)
        if self.path == "/live":  # a stream that goes on
            self.wfile.flush()
            self.rfile.read(1)

    def log_message(self, *words):
        pass


@pytest.fixture
def nginx(tmp_path):
    """Our nginx.conf before a telling server; yields its port."""
    port = free_port()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Telling)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    conf = (ROOT / "deploy" / "nginx.conf").read_text().replace("/tmp/", f"{tmp_path}/")
    for there in ("web:8000", "live:8001"):
        conf = conf.replace(f"server {there};", f"server 127.0.0.1:{server.server_port};")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    conf = conf.replace("http {", f"http {{ {folders}").replace("/etc/nginx/mime.types", f"{tmp_path}/mime.types")
    (tmp_path / "nginx.conf").write_text(conf.replace("listen 8080;", f"listen 127.0.0.1:{port};"))
    (tmp_path / "mime.types").write_text("types { text/html html; }\n")
    process = subprocess.Popen(["nginx", "-e", "stderr", "-c", str(tmp_path / "nginx.conf"), "-g", "daemon off;"])
    deadline = time.monotonic() + 10
    while socket.socket().connect_ex(("127.0.0.1", port)):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)
    server.shutdown()


@needs_nginx
def test_nginx_replaces_what_a_client_claims_about_itself(nginx):
    """S44."""
    claims = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Host": "evil", "Forwarded": "for=6.6.6.6", "X_Evil": "1"}
    request = urllib.request.Request(f"http://127.0.0.1:{nginx}/", headers={**claims, "Host": "desk.example"})

    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        told = answer.read().decode()

    assert "X-Forwarded-For: 127.0.0.1\n" in told
    assert "Host: desk.example\n" in told
    assert not any(word in told for word in ("6.6.6.6", "evil", "X_Evil"))


@needs_nginx
def test_nginx_passes_live_on_as_it_comes(nginx):
    with socket.create_connection(("127.0.0.1", nginx), timeout=5) as client:
        client.sendall(b"GET /live HTTP/1.1\r\nHost: desk.example\r\n\r\n")

        assert client.recv(65536).startswith(b"HTTP/1.1 200")


@needs_nginx
def test_nginx_keeps_nobody_waiting_behind_150_slow_heads_and_refuses_31_megabytes(nginx):
    """F23."""
    slow = [socket.create_connection(("127.0.0.1", nginx)) for _ in range(150)]
    for client in slow:
        client.sendall(b"GET / HTTP/1.1\r\nA: ")

    started = time.monotonic()
    with urllib.request.urlopen(f"http://127.0.0.1:{nginx}/", timeout=5) as answer:
        assert answer.status == 200
    assert time.monotonic() - started < 1

    with socket.create_connection(("127.0.0.1", nginx), timeout=5) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: desk.example\r\nContent-Length: 32505856\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")
    for client in slow:
        client.close()
