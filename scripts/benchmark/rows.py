"""The rows: what is measured, against what, and what is to be reached."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from .driver import ROOT, Driver, own_environment, own_python
from .figures import Figure, Target, compared, in_turn
from .subjects import TOKEN

EXT, EXT_ASYNC, EXT_AIOHTTP, RAW, RAW_ASYNC, STOCK = (
    f"subjects:{name}" for name in ("ext", "ext_async", "ext_aiohttp", "raw", "raw_async", "stock")
)
NAMES: Final = {
    EXT: "tmdb-ext",
    EXT_ASYNC: "tmdb-ext, async",
    EXT_AIOHTTP: "tmdb-ext, aiohttp",
    RAW: "httpx",
    RAW_ASYNC: "httpx, async",
    STOCK: "stock generator",
    "decoders:pydantic_models": "pydantic",
    "decoders:msgspec_structs": "msgspec",
    "floor:urllib3": "urllib3 and json.loads",
    "floor:aiohttp": "aiohttp and json.loads",
    "peers:tmdbsimple": "tmdbsimple",
    "peers:tmdbv3api": "tmdbv3api",
    "peers:themoviedb": "themoviedb",
    "peers:themoviedb_async": "themoviedb, async",
    "peers:tmdbapis": "tmdbapis",
}
SYNC_PEERS: Final = [name for name in NAMES if name.startswith("peers:") and not name.endswith("_async")]
ASYNC_PEERS: Final = ["peers:themoviedb_async"]
AT_ONCE: Final = 16
CALLS: Final = {"genres": 320, "details": 160, "everything": 60, "ten": 300}
"""How often an operation runs in one round: a tenth of a second or more, so that a hiccup does not decide."""

AHEAD: Final = Target(1.0, ">")
READING: Final = {"plain": Target(1.25), "fast": Target(1.0)}
DECODERS: Final = [name for name in NAMES if name.startswith("decoders:")]

# What a memory row's process runs; the peak is that of its own image, which getrusage takes over from its parent.
PEAK: Final = """
from pathlib import Path
import resource
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
peaks = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
print(*(peaks or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""
CALL: Final = {
    "tmdb-ext": """
from tmdb_ext import TMDB
with TMDB(access_token={token!r}, base_url={base_url!r}) as tmdb:
    tmdb.movies.details(11)
""",
    # Without certificates, as the other has none to load for this address.
    "httpx": """
import json
import httpx
with httpx.Client(base_url={base_url!r}, headers={{"authorization": "Bearer " + {token!r}}}, verify=False) as http:
    json.loads(http.get("/3/movie/11").content)
""",
}


@dataclass(frozen=True)
class Run:
    """What a row measures with."""

    driver: Driver
    quick: bool

    @property
    def rounds(self) -> int:
        """How many rounds count."""
        return 5 if self.quick else 15

    def calls(
        self, operation: str, subjects: list[str], at_once: int = 1, mode: str = "plain"
    ) -> dict[str, list[float]]:
        """Seconds per call of each subject, round by round."""
        calls = CALLS[operation]

        def take(subject: str) -> float:
            own = mode if subject == EXT else "plain"
            return self.driver.seconds(subject, operation, calls, at_once, own) / calls

        return in_turn({subject: partial(take, subject) for subject in subjects}, self.rounds)


def importing(run: Run) -> list[Figure]:
    """Import, in a fresh process."""
    lines = {
        "from tmdb_ext import TMDB": "import tmdb_ext; from tmdb_ext import TMDB",
        "import tmdb_ext": "import tmdb_ext",
        "import httpx": "import httpx",
    }
    python = str(own_python())
    taken = in_turn({name: partial(_wall, [python, "-c", line]) for name, line in lines.items()}, run.rounds)
    *candidates, baseline = lines
    return [
        compared("import", "cold import", (name, baseline), (taken[name], taken[baseline]), "ms", target)
        for name, target in zip(candidates, (Target(1.15), None), strict=True)
    ]


def memory(run: Run) -> list[Figure]:
    """Peak of memory after import and one call."""
    python = str(own_python())

    def take(name: str) -> float:
        program = CALL[name].format(token=TOKEN, base_url=run.driver.base_url) + PEAK
        return float(_output([python, "-c", program])) * 1024

    taken = in_turn({name: partial(take, name) for name in CALL}, run.rounds)
    names, values = ("tmdb-ext", "httpx"), (taken["tmdb-ext"], taken["httpx"])
    return [compared("memory", "peak memory, one call", names, values, "MB", Target(1.15))]


def reading(row: str, operation: str, measure: str, run: Run) -> list[Figure]:
    """From bytes to values that a program has read, without the extra `fast` and with it."""
    figures = []
    for mode, subjects in (("plain", [EXT, RAW, *DECODERS, STOCK]), ("fast", [EXT, RAW])):
        run.driver.seconds(EXT, operation, 1, 1, mode)
        if mode == "fast" and not run.driver.used[EXT, mode]:
            print("    not measured with the extra `fast`: the client does not use it", file=sys.stderr)
            continue
        taken = run.calls(operation, subjects, mode=mode)
        name = NAMES[EXT] if mode == "plain" else f"{NAMES[EXT]}, {mode}"
        for other in subjects[1:]:
            baseline, target = ("json.loads", READING[mode]) if other == RAW else (NAMES[other], None)
            figures.append(compared(row, measure, (name, baseline), (taken[EXT], taken[other]), "ms", target))
    return figures


def calling(row: str, measure: str, subjects: list[str], target: Target, run: Run) -> list[Figure]:
    """One call after another on a connection that is kept; the target is for the first of the baselines."""
    taken = run.calls("genres", subjects)
    candidate, *baselines = subjects
    return [
        compared(
            row, measure, _names(candidate, other), (taken[candidate], taken[other]), "ms", target if first else None
        )
        for other, first in zip(baselines, (True, False, False), strict=False)
    ]


def throughput(row: str, measure: str, subjects: list[str], run: Run) -> list[Figure]:
    """Calls per second, sixteen at a time on one client."""
    taken = run.calls("genres", subjects, AT_ONCE)
    candidate, baseline = subjects
    values = (_rates(taken[candidate]), _rates(taken[baseline]))
    return [compared(row, measure, _names(candidate, baseline), values, "calls/s", Target(0.95, "≥"))]


def peers(row: str, measure: str, subjects: list[str], at_once: int, run: Run) -> list[Figure]:
    """Calls per second against other clients."""
    if not run.driver.with_peers:
        return []
    taken = run.calls("details", subjects, at_once)
    candidate, *others = subjects
    return [
        compared(
            row, measure, _names(candidate, peer), (_rates(taken[candidate]), _rates(taken[peer])), "calls/s", AHEAD
        )
        for peer in others
    ]


def floor(row: str, measure: str, candidates: list[str], least: str, run: Run) -> list[Figure]:
    """Calls per second against an HTTP library by hand, one after another; no target, as it does much less."""
    if not run.driver.with_peers:
        return []
    taken = run.calls("details", [*candidates, least])
    return [
        compared(row, measure, _names(candidate, least), (_rates(taken[candidate]), _rates(taken[least])), "calls/s")
        for candidate in candidates
    ]


def regenerating(run: Run) -> list[Figure]:
    """The whole pipeline, writing nothing, and its generating stage on a document three times as long."""
    whole = [_wall([sys.executable, "-m", "pipeline", "--check"]) for _ in range(2 if run.quick else 3)]
    seconds = statistics.median(whole)
    target = Target(15.0, "<", absolute=True)
    figures = [Figure("regenerate", "regenerate, whole", "scripts/regenerate", "—", "s", seconds, target=target)]
    long, short = (partial(_per_operation, copies) for copies in (3, 1))
    taken = in_turn({"3×": long, "1×": short}, 2 if run.quick else 4)
    names = ("document 3×", "document 1×")
    measure = "generating, per operation"
    return [*figures, compared("regenerate", measure, names, (taken["3×"], taken["1×"]), "ms", Target(1.15))]


def wheel(_: Run) -> list[Figure]:
    """Size of the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        _output([sys.executable, str(ROOT / "scripts" / "wheel"), "--here", folder])
        size = next(Path(folder).glob("*.whl")).stat().st_size
    return [Figure("wheel", "wheel", "tmdb-ext", "—", "kB", size, target=Target(500_000, "<", absolute=True))]


ROWS: Final[dict[str, Callable[[Run], list[Figure]]]] = {
    "import": importing,
    "memory": memory,
    "everything": partial(reading, "everything", "everything", "decode a movie and read everything"),
    "ten": partial(reading, "ten", "ten", "decode a movie and read ten values"),
    "call": partial(calling, "call", "a call, sync", [EXT, RAW, STOCK], Target(1.10)),
    "call-async": partial(calling, "call-async", "a call, async", [EXT_ASYNC, RAW_ASYNC], Target(1.10)),
    "throughput": partial(throughput, "throughput", "16 threads", [EXT, RAW]),
    "throughput-async": partial(throughput, "throughput-async", "16 tasks", [EXT_ASYNC, RAW_ASYNC]),
    "throughput-aiohttp": partial(throughput, "throughput-aiohttp", "16 tasks", [EXT_AIOHTTP, RAW_ASYNC]),
    "peers": partial(peers, "peers", "details, sync", [EXT, *SYNC_PEERS], 1),
    "peers-async": partial(peers, "peers-async", "details, async", [EXT_ASYNC, *ASYNC_PEERS], 1),
    "peers-aiohttp": partial(peers, "peers-aiohttp", "details, async", [EXT_AIOHTTP, *ASYNC_PEERS], 1),
    "peers-throughput": partial(peers, "peers-throughput", "details, 16 threads", [EXT, *SYNC_PEERS], AT_ONCE),
    "peers-throughput-async": partial(
        peers, "peers-throughput-async", "details, 16 tasks", [EXT_ASYNC, *ASYNC_PEERS], AT_ONCE
    ),
    "peers-throughput-aiohttp": partial(
        peers, "peers-throughput-aiohttp", "details, 16 tasks", [EXT_AIOHTTP, *ASYNC_PEERS], AT_ONCE
    ),
    "floor": partial(floor, "floor", "details, sync", [EXT], "floor:urllib3"),
    "floor-async": partial(floor, "floor-async", "details, async", [EXT_ASYNC, EXT_AIOHTTP], "floor:aiohttp"),
    "regenerate": regenerating,
    "wheel": wheel,
}


def _names(candidate: str, baseline: str) -> tuple[str, str]:
    return NAMES[candidate], NAMES[baseline]


def _rates(seconds: list[float]) -> list[float]:
    return [1 / value for value in seconds]


def _wall(command: list[str]) -> float:
    """Seconds that a process takes from its start to its end."""
    began = time.perf_counter()
    _output(command)
    return time.perf_counter() - began


def _output(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=own_environment(), cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"bench: {' '.join(command[1:3])} failed: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


def _per_operation(copies: int) -> float:
    measured = json.loads(_output([sys.executable, "-m", "benchmark.tripled", str(copies)]))
    return float(measured["seconds"]) / int(measured["operations"])
