"""scripts/propose: a branch, a commit and a pull request for what TMDB has changed."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .build import OPENAPI, ROOT
from .cli import BREAKING, COMPATIBLE, FAILED, NOT_FETCHED, OK
from .releases import Releases

EPILOG = """\
Exit code: 0 nothing to propose, or proposed; 2 failed; 3 a document could not be fetched, whatever became of the
others.
Further arguments, such as --source FILE, go to scripts/regenerate in place of --refresh.
"""
TAKEN = ("openapi", "generated", "tmdb_ext/_version.py")
CHECKS = (("scripts/check",), ("scripts/test",))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/propose", description=(__doc__ or "").split(": ", 1)[1], epilog=EPILOG
    )
    parser.add_argument("--push", action="store_true", help="push the branch and open the pull request, with gh")
    parser.add_argument("--without-checks", action="store_true", help="do not run scripts/check and scripts/test")
    options, more = parser.parse_known_args(arguments)
    try:
        return propose(more or ["--refresh"], push=options.push, checks=() if options.without_checks else CHECKS)
    except subprocess.CalledProcessError as error:
        print(f"propose: {' '.join(map(str, error.cmd[:3]))} failed\n{error.stderr or ''}", file=sys.stderr)
        return FAILED


def propose(regenerating: Sequence[str], *, push: bool, checks: Sequence[Sequence[str]]) -> int:
    """Regenerate; put what changed on a branch of its own, and say in the pull request what it means for users.

    Returns:
        What ends the script: `NOT_FETCHED` also if something else was proposed.
    """
    if git("status", "--porcelain"):
        print("propose: the checkout has changes of its own; commit or stash them first", file=sys.stderr)
        return FAILED
    former = current_names()
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.md"
        command = [sys.executable, "-m", "pipeline", *regenerating, "--summary", str(summary)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout, end="", flush=True)
        if done.returncode not in (OK, NOT_FETCHED, COMPATIBLE, BREAKING):
            return done.returncode
        result = NOT_FETCHED if done.returncode == NOT_FETCHED else OK
        taken = [f"{api} {name}" for api, name in current_names().items() if former.get(api) != name]
        if not taken:
            print("propose: nothing to propose")
            return result
        body = summary.read_text(encoding="utf-8")
    branch = "api-release/" + "-".join(taken).replace(" ", "-")
    if push and git("ls-remote", "--heads", "origin", branch):
        print(f"propose: {branch} is proposed already")
        git("checkout", "--quiet", "--", *TAKEN)
        git("clean", "--quiet", "--force", "--", "openapi", "generated")
        return result
    title = f"Take API release {' and '.join(taken)}" + (" (breaking)" if "**Breaking**" in body else "")
    if checks:
        body += "\n## Checks\n\n" + "".join(f"- `{' '.join(check)}`: {outcome(check)}\n" for check in checks)
    git("switch", "--create", branch)
    git("add", "--", *TAKEN)
    git("commit", "--quiet", "--message", title)
    print(f"propose: committed to {branch}")
    if not push:
        print(f"\n{title}\n\n{body}")
        return result
    # The token of gh, if there is one: the checkout keeps none.
    helper = ["-c", "credential.helper=", "-c", "credential.helper=!gh auth git-credential"]
    git(*(helper if os.environ.get("GH_TOKEN") else []), "push", "--quiet", "--set-upstream", "origin", branch)
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "body.md"
        text.write_text(body, encoding="utf-8")
        command = ["gh", "pr", "create", "--head", branch, "--title", title, "--body-file", str(text)]
        subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=True)
    return result


def git(*arguments: str) -> str:
    """Run git in the checkout; return what it prints."""
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def current_names() -> dict[str, str]:
    """Return the release that the client is made from, by API."""
    return dict(Releases(OPENAPI / "releases.toml").current_names)


def outcome(check: Sequence[str]) -> str:
    """Return how a check of the new client ends."""
    return "passed" if subprocess.run([*check], cwd=ROOT, check=False).returncode == 0 else "failed"


if __name__ == "__main__":
    sys.exit(main())
