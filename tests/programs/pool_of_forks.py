"""Calls in a pool of forked processes with a client made and used before: `python pool_of_forks.py BASE_URL HOW CALLS`.

HOW is `multiprocessing` or `futures`. Prints how many answers were right.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor

from tmdb_ext import TMDB

base_url, how, calls = sys.argv[1:]
numbers = range(1, int(calls) + 1)
warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, where a process with threads forks
tmdb = TMDB(access_token="header.payload.signature", base_url=base_url, timeout=5)


def asked(number: int) -> object:
    try:
        return tmdb.movies.details(number).id
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return f"{type(error).__name__}: {error}"


assert asked(1000) == 1000
context = multiprocessing.get_context("fork")
if how == "multiprocessing":
    with context.Pool(4) as pool:
        found = pool.map(asked, numbers, chunksize=4)
else:
    with ProcessPoolExecutor(4, mp_context=context) as executor:
        found = list(executor.map(asked, numbers))
assert asked(2000) == 2000
print(json.dumps({"right": sum(a == b for a, b in zip(found, numbers, strict=True)), "found": found}), flush=True)
tmdb.close()
