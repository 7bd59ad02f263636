"""What is released: a wheel of both packages and nothing else, and an sdist that can regenerate the client."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def test_the_wheel_holds_both_packages_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith("METADATA"))
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"tmdb_ext", "tmdb_api_client"}
    assert {
        "tmdb_ext/py.typed",
        "tmdb_api_client/py.typed",
        "tmdb_api_client/v3/openapi.json",
        "tmdb_api_client/v4/openapi.json",
    } <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    requirements = {line.split(":")[1].strip() for line in metadata.splitlines() if line.startswith("Requires-Dist")}
    assert {one for one in requirements if ";" not in one} == {
        "httpx<0.29,>=0.28",
        "attrs>=25.1",
        "filelock>=3.16",
        "sniffio>=1.3",
    }
    assert {one for one in requirements if "extra == 'cli'" in one} == {
        "typer>=0.20; extra == 'cli'",
        "keyring>=25; extra == 'cli'",
        "platformdirs>=4.3; extra == 'cli'",
    }
    assert wheel.stat().st_size < 730_000


def test_the_sdist_can_regenerate_the_client(built: Path, tmp_path: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = tmp_path.iterdir()
    command = [sys.executable, "-m", "pipeline", "--check"]
    environment = {**os.environ, "PYTHONPATH": str(root / "scripts")}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing differs" in done.stdout
