"""Forks while another thread is in the middle of a call: `python fork_in_the_middle.py BASE_URL CONTROL SCENE FILE`.

CONTROL answers once the server has got the request that it makes wait. Prints what came of the child's call and of the
thread's.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import urllib.request
import warnings
from typing import Any

from tmdb_ext import TMDB, FileStore, RetryPolicy

PATIENCE = 10
base_url, control, scene, file = sys.argv[1:]
warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, where a process with threads forks
options: dict[str, Any] = {"access_token": "header.payload.signature"}
if scene in ("account", "converted"):
    options = {"user_access_token": "header.payload.signature"}
if scene == "guest in a file":
    options["store"] = FileStore(file)
if scene == "cached":
    options["cache"] = True
tmdb = TMDB(base_url=base_url, timeout=20, retries=RetryPolicy(budget=20), **options)
CALLS: dict[str, Any] = {
    "a plain read": lambda: tmdb.movies.details(11),
    "guest": lambda: tmdb.movies.add_rating(11, value=5),
    "guest in a file": lambda: tmdb.movies.add_rating(11, value=5),
    "account": lambda: tmdb.account.favorite_movies(),
    "converted": lambda: tmdb.account.favorite_movies(),
    "image sizes": lambda: tmdb.images.url("/a.jpg", width=92),
    "cached": lambda: tmdb.movies.details(11),
}


def come_of() -> str:
    try:
        CALLS[scene]()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return f"{type(error).__name__}: {error}"
    return "done"


of_thread: list[str] = []
thread = threading.Thread(target=lambda: of_thread.append(come_of()))
thread.start()
urllib.request.urlopen(control).read()
source, target = os.pipe()
child = os.fork()
if child == 0:
    signal.alarm(PATIENCE)
    os.write(target, come_of().encode())
    os._exit(0)
os.close(target)
with os.fdopen(source) as report:
    of_child = report.read() or "hung"
os.waitpid(child, 0)
thread.join(PATIENCE)
print(json.dumps({"child": of_child, "thread": of_thread[0] if of_thread else "hung"}), flush=True)
os._exit(0)
