"""scripts/propose: a branch, a commit and a pull request for what TMDB has changed."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .build import OPENAPI, ROOT
from .cli import BREAKING, COMPATIBLE, FAILED, OK
from .making import VERSION
from .releases import Releases

EPILOG = """\
Exit code: 0 nothing to propose, or proposed; 2 failed. Further arguments, such as --source FILE, go to
scripts/regenerate in place of --refresh.
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
    """Regenerate; put what changed on a branch of its own, and say in the pull request what it means for users."""
    if git("status", "--porcelain"):
        print("propose: the checkout has changes of its own; commit or stash them first", file=sys.stderr)
        return FAILED
    former = current_names()
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *regenerating], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    print(done.stdout, end="", flush=True)
    if done.returncode not in (OK, COMPATIBLE, BREAKING):
        return done.returncode
    taken = [f"{api} {name}" for api, name in current_names().items() if former.get(api) != name]
    if not taken:
        print("propose: nothing to propose")
        return OK
    branch = "api-release/" + "-".join(taken).replace(" ", "-")
    if push and git("ls-remote", "--heads", "origin", branch):
        print(f"propose: {branch} is proposed already")
        return OK
    title = f"Take API release {' and '.join(taken)}" + (" (breaking)" if done.returncode == BREAKING else "")
    body = "\n".join(
        [
            *(f"{report}\n" for report in new_reports()),
            f"Version: {VERSION.read_text(encoding='utf-8').split(chr(34))[-4]}",
            "",
            *(f"- `{' '.join(check)}`: {outcome(check)}" for check in checks),
            "",
            "What the tables in `openapi/` do not name or describe yet:",
            "",
            *(f"    {line}" for line in done.stdout.split("\n\n# ", 1)[0].splitlines()),
            "",
        ]
    )
    git("switch", "--create", branch)
    git("add", "--", *TAKEN)
    git("commit", "--quiet", "--message", title)
    print(f"propose: committed to {branch}")
    if not push:
        print(f"\n{title}\n\n{body}")
        return OK
    git("push", "--quiet", "--set-upstream", "origin", branch)
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "body.md"
        text.write_text(body, encoding="utf-8")
        command = ["gh", "pr", "create", "--head", branch, "--title", title, "--body-file", str(text)]
        subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=True)
    return OK


def git(*arguments: str) -> str:
    """Run git in the checkout; return what it prints."""
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def current_names() -> dict[str, str]:
    """Return the release that the client is made from, by API."""
    return dict(Releases(OPENAPI / "releases.toml").current_names)


def new_reports() -> list[str]:
    """Return the change reports that regenerating has written."""
    status = git("status", "--porcelain", "--untracked-files=all", "--", "openapi/changes")
    return [(ROOT / line.split()[-1]).read_text(encoding="utf-8") for line in status.splitlines()]


def outcome(check: Sequence[str]) -> str:
    """Return how a check of the new client ends."""
    return "passed" if subprocess.run([*check], cwd=ROOT, check=False).returncode == 0 else "failed"


if __name__ == "__main__":
    sys.exit(main())
