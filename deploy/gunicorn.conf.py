"""How gunicorn serves the pages, in `make run` and in the image alike. The address comes from the command line."""

import gc
import os
from importlib import import_module

wsgi_app = "supportdesk.wsgi:application"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = True  # the workers share the memory of the code
max_requests = 20_000  # a leak ends with its process
max_requests_jitter = 2_000
graceful_timeout = 5  # `up` allows six seconds, compose fifteen
timeout = 60
keepalive = int(os.environ.get("WEB_KEEPALIVE", "5"))
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
loglevel = "warning"
control_socket_disable = True
forwarded_allow_ips = ""  # Django reads the proxy's headers itself, by TRUSTED_PROXIES
forwarder_headers = ""


def when_ready(server) -> None:
    """Load what the first request would wait for, before the workers fork."""
    from supportdesk.lib.background import load  # noqa: PLC0415 - Django is set up by now

    load()
    import_module("supportdesk.urls")  # brings every page with it
    gc.freeze()  # collecting garbage would write to every page that the workers share
