"""Generate the client from a document that has every operation several times: `python -m benchmark.tripled COPIES`."""

from __future__ import annotations

import copy
import json
import sys
import tempfile
import time
from pathlib import Path

from pipeline.build import OPENAPI, PACKAGE, load_table
from pipeline.distil import Json
from pipeline.generate import generate
from pipeline.releases import Releases


def repeated(document: Json, copies: int) -> Json:
    """The document with each of its paths so many times, under names of their own."""
    paths = {}
    for number in range(copies):
        for path, item in copy.deepcopy(document["paths"]).items():
            for operation in item.values():
                if number and isinstance(operation, dict) and "operationId" in operation:
                    operation["operationId"] += f"-copy-{number}"
            paths[f"{path}/copy-{number}" if number else path] = item
    return {**document, "paths": paths}


def main(copies: int) -> None:
    """Print the seconds that the generating stage takes, and how many operations came out."""
    document = repeated(json.loads((OPENAPI / "tmdb-v3.json").read_text(encoding="utf-8")), copies)
    attributes = load_table("names-v3.toml").get("attributes", {})
    release = Releases(OPENAPI / "releases.toml").current("v3")
    assert release is not None  # noqa: S101 - the committed client is of one
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        counts = generate(document, attributes, release, Path(folder) / PACKAGE / "v3")
        print(json.dumps({"seconds": time.perf_counter() - began, "operations": counts["operations"]}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
