"""Sends the simulator what both documents allow and what they do not, with Schemathesis, and checks what it answers.

Each document is run twice: as TMDB, which takes more than its document says, and strict, which has to refuse the rest.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tmdb_ext.testing import Simulator

SCHEMATHESIS = "schemathesis==4.32.5"
DOCUMENTS = Path(__file__).resolve().parent.parent / "openapi"
LAST_PAGE = 500
LARGEST = 10**18 - 1
"""What has more digits is no id and no year of TMDB's."""


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """All objects in a JSON value."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(one)


REFUSED: dict[str, dict[str, Any]] = {
    "query": {"minLength": 1},
    "name": {"minLength": 1},
    "username": {"minLength": 1},
    "password": {"minLength": 1},
    "media_type": {"enum": ["movie", "tv"]},
    "value": {"minimum": 0.5, "maximum": 10, "multipleOf": 0.5},
    "confirm": {"enum": [True]},
    "page": {"minimum": 1, "maximum": LAST_PAGE},
}
"""By parameter or key of a body, what TMDB refuses beside what the document says."""


def prepared(document: dict[str, Any], *, strict: bool) -> dict[str, Any]:
    """A document with what TMDB refuses beyond it, and without what its readers have to know besides.

    - TMDB writes times as `2026-11-25 10:43:02 UTC`, which RFC 3339 does not know.
    - A discriminator chooses among the variants of `oneOf`, all of which are objects without required keys; to JSON
      Schema alone they are ambiguous.
    - What our client sends in another type (`x-sent`), TMDB heeds in that type alone.
    - Nobody can see whether an empty parameter is an empty list.
    - A body that needs no key need not be there. A strict simulator takes no others than the document names.
    """
    schemas = document["components"]["schemas"]
    for node in nodes(document):
        if node.get("in") == "query" and "schema" in node:
            several = {"minItems": 1} if node["schema"].get("type") == "array" else {}
            node["schema"] = {**several, **REFUSED.get(node["name"], {}), **node["schema"]}
        for media in node.get("requestBody", {}).get("content", {}).values():
            body = schemas[media["schema"]["$ref"].rpartition("/")[2]]
            node["requestBody"]["required"] = bool(body.get("required"))
            for name, schema in body["properties"].items():
                schema.update(REFUSED.get(name, {}))
            if strict:
                body["additionalProperties"] = False
        if node.get("type") == "integer":
            node.setdefault("maximum", 10 * LARGEST + 9)
            node.setdefault("minimum", -LARGEST)
        if "x-sent" in node:
            node["type"] = [node["type"], node.pop("x-sent")]
        if node.get("format") == "date-time":
            del node["format"]
        if isinstance(node.get("oneOf"), list):
            node["anyOf"] = node.pop("oneOf")
    return document


def excluded(version: int, *, strict: bool) -> list[str]:
    """Checks that do not hold at TMDB either."""
    return [
        # it ignores what it does not know, and so does the simulator unless it is strict
        *([] if strict else ["negative_data_rejection"]),
        # version 4 answers 404 to a method that a path does not have
        *(["unsupported_method"] if version == 4 else []),
    ]


def parameters(simulator: Simulator) -> dict[str, Any]:
    """Values that nobody could guess: ids that the simulator made up, a session, a guest session."""
    with httpx.Client(transport=simulator.transport, params={"api_key": simulator.api_key}) as client:

        def get(path: str) -> Any:
            return client.get(f"https://api.themoviedb.org/3/{path}").json()

        guest = get("authentication/guest_session/new")["guest_session_id"]
        rating = "https://api.themoviedb.org/3/movie/11/rating"
        client.post(rating, params={"guest_session_id": guest}, json={"value": 8}).raise_for_status()
        return {
            "query.session_id": simulator.create_session(),
            "path.guest_session_id": guest,
            "path.credit_id": get("movie/11/credits")["cast"][0]["credit_id"],
            "path.review_id": get("movie/11/reviews")["results"][0]["id"],
            "path.tv_episode_group_id": get("tv/41/episode_groups")["results"][0]["id"],
        }


REFUSED_TOGETHER = """
[[operations]]
include-operation-id = "auth-create-access-token"
checks.positive_data_acceptance.enabled = false

[[operations]]
include-path-regex = "/changes$"
checks.positive_data_acceptance.enabled = false
"""
"""What no schema can say: that somebody has approved a request token, and that two days are 14 days apart at most."""


def install(folder: Path) -> Path:
    """Makes an environment with Schemathesis; returns its command."""
    command = folder / "bin" / "schemathesis"
    if not command.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", SCHEMATHESIS], check=True)
    return command


def run(command: Path, folder: Path, version: int, *, strict: bool, examples: int, seed: int) -> bool:
    """Runs Schemathesis once; returns whether it found nothing."""
    document = prepared(json.loads((DOCUMENTS / f"tmdb-v{version}.json").read_text(encoding="utf-8")), strict=strict)
    file = folder / f"tmdb-v{version}.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    with Simulator(strict=strict, seed=seed) as simulator:
        values = "".join(f"{json.dumps(name)} = {json.dumps(value)}\n" for name, value in parameters(simulator).items())
        config = folder / "schemathesis.toml"
        given = f"[parameters]\n{values}" if version == 3 else ""
        config.write_text(given + REFUSED_TOGETHER, encoding="utf-8")
        token = simulator.access_token if version == 3 else simulator.create_user_access_token()
        without = excluded(version, strict=strict)
        done = subprocess.run(
            [
                str(command), "--config-file", str(config), "run", str(file), "--url", simulator.base_url,
                "--header", f"Authorization: Bearer {token}", "--phases", "coverage,fuzzing",
                "--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure", "--warnings", "off",
                "--no-color", *(["--exclude-checks", ",".join(without)] if without else []),
            ],
            check=False, cwd=folder, env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )  # fmt: skip
        failed = [one for one in simulator.requests if one.http_status is not None and one.http_status >= 500]
    for one in failed[:10]:
        print(f"{one.method} {one.path} answered {one.http_status}")
    return done.returncode == 0 and not failed


def main() -> int:
    """Runs both documents twice; returns 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=8, help="requests of each sort for an operation")
    parser.add_argument("--seed", type=int, default=1, help="another seed sends other requests")
    parser.add_argument("--folder", type=Path, help="keep Schemathesis here, and take it if it is there")
    parser.add_argument("--only", choices=["v3", "v4", "v3-strict", "v4-strict"], help="one of the four runs")
    options = parser.parse_args()
    logging.getLogger("tmdb_ext.testing").addHandler(logging.NullHandler())  # what a strict one refuses is no news
    bad = []
    with tempfile.TemporaryDirectory() as temporary:
        command = install((options.folder or Path(temporary) / "venv").resolve())
        for version in (3, 4):
            for strict in (False, True):
                name = f"v{version}{'-strict' * strict}"
                if options.only not in (None, name):
                    continue
                print(f"— {name}", flush=True)
                if not run(
                    command, Path(temporary), version, strict=strict, examples=options.examples, seed=options.seed
                ):
                    bad.append(name)
    if bad:
        print(f"found something in: {', '.join(bad)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
