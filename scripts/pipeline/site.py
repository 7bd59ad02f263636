"""scripts/docs: the documentation as a site, with the pages that are made from the code, so that they cannot lie."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from .build import ROOT

SOURCES = ROOT / "docs"
REFERENCE = "https://developer.themoviedb.org/reference"
V4_REFERENCE = "https://developer.themoviedb.org/v4/reference"
USER_AUTH = {
    "none": "application",
    "session": "user session",
    "guest_session": "guest session",
    "either": "user or guest session",
    "user_access_token": "user access token",
    "optional_user_access_token": "application or user access token",
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/docs", description="Build the documentation as a site.")
    parser.add_argument("folder", nargs="?", type=Path, help="where to put it (default: site, beside this project)")
    parser.add_argument("--check", action="store_true", help="build it and throw it away: a broken link is an error")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as work:
        target = Path(work) / "site" if options.check else (options.folder or ROOT / "site").absolute()
        return build(Path(work), target)


def build(work: Path, target: Path) -> int:
    """Put the pages together in the folder `work`, and build the site into `target`."""
    pages = work / "pages"
    shutil.copytree(SOURCES / "pages", pages)
    for name, write in PAGES.items():
        (pages / name).write_text("\n".join(write()) + "\n", encoding="utf-8")
    config = (SOURCES / "mkdocs.yml").read_text(encoding="utf-8")
    config = config.replace("[.., ../generated]", f"[{ROOT.as_posix()}, {(ROOT / 'generated').as_posix()}]")
    (work / "mkdocs.yml").write_text(config, encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-f", str(work / "mkdocs.yml")]
    environment = {"PATH": "", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run([*command, "-d", str(target)], check=False, env=environment)
    if done.returncode == 0:
        print(f"the documentation has {len(list(target.rglob('*.html')))} pages")
    return done.returncode


def operations_page() -> Iterator[str]:
    """Every operation, with the method that calls it and TMDB's page."""
    from tmdb_api_client.v3.operations import OPERATIONS
    from tmdb_api_client.v4.operations import OPERATIONS as V4_OPERATIONS

    yield from ("# Operations", "", "Every operation of TMDB's API, and the method that calls it.", "")
    for title, rows, prefix, pages in (
        ("Version 3", OPERATIONS, "tmdb.", REFERENCE),
        ("Version 4", V4_OPERATIONS, "tmdb.v4.", V4_REFERENCE),
    ):
        documented = sum(row.documented for row in rows.values())
        more = f", and {len(rows) - documented} that TMDB serves and does not document" * (len(rows) > documented)
        yield from (f"## {title}", "", f"{documented} operations{more}.", "")
        yield from ("| call | HTTP | credentials | last page | TMDB's reference |", "| --- | --- | --- | --- | --- |")
        for row in sorted(rows.values(), key=lambda row: (row.tag, row.resource)):
            auth = USER_AUTH[row.user_auth] + (", no API key" if row.bearer_only else "")
            page = f"[{row.id}]({pages}/{row.id})" if row.documented else "none"
            yield (
                f"| `{prefix}{row.tag}.{row.resource}` | `{row.method} {row.path}` | {auth} "
                f"| {f'{row.last_page:,}' if row.pages else ''} | {page} |"
            )
        yield ""


def status_codes_page() -> Iterator[str]:
    """What each of TMDB's status codes raises, found out by making the error."""
    from tmdb_ext import STATUS_CODES, TMDBError
    from tmdb_ext._http.attempts import Attempts
    from tmdb_ext._http.call import Call
    from tmdb_ext._http.deadline import NEVER
    from tmdb_ext._http.messages import Origin, Request, Response
    from tmdb_ext._http.responses import read

    yield from (
        "# Status codes",
        "",
        "TMDB sends a number of its own beside the HTTP status. Errors have it as `tmdb_code`.",
        "",
        "| code | HTTP | meaning | raises | a read is retried |",
        "| --- | --- | --- | --- | --- |",
    )
    for row in STATUS_CODES.values():
        body = {"success": row.http_status < 300 and row.tmdb_code != 21, "status_code": row.tmdb_code}
        call, request = Call(None), Request("GET", Origin("https", "api.themoviedb.org", 443), "/3/movie/11")
        raises = "nothing"
        try:
            read(call, request, Response(row.http_status, (), json.dumps(body).encode()), lambda payload: payload)
        except TMDBError as error:
            raises = f"`{type(error).__name__}`"
        attempts = Attempts(call, request, NEVER)
        again = attempts.after_response(row.http_status, row.tmdb_code, None)
        yield f"| {row.tmdb_code} | {row.http_status} | {row.meaning} | {raises} | {'yes' if again else ''} |"


def faults_page() -> Iterator[str]:
    """What the tests of faults say."""
    sys.path.insert(0, str(ROOT / "tests" / "helpers"))
    from faults import FAULTS  # type: ignore[import-not-found]

    yield from (
        "# Faults",
        "",
        "What can go wrong between a client and TMDB, and what a call gives if all attempts end like that.",
        "The tests try each over a socket.",
        "",
        "| what happens | a call gives | a read is retried |",
        "| --- | --- | --- |",
    )
    for fault in FAULTS:
        gives = "the result" if fault.gives == "the film" else f"`{fault.gives}`"
        yield f"| {fault.what} | {gives} | {'yes' if fault.repeated else ''} |"


def reference_page() -> Iterator[str]:
    """Everything that the package offers, but the errors."""
    import tmdb_ext
    from tmdb_ext import TMDBError, testing

    yield from (
        "# The client",
        "",
        "Everything that `tmdb_ext` offers. Errors have [a page of their own](reference-errors.md).",
    )
    for name in tmdb_ext.__all__:
        value = getattr(tmdb_ext, name)
        if isinstance(value, type) and issubclass(value, TMDBError):
            continue
        yield from ("", f"::: {_home(value, 'tmdb_ext', name)}")
        if name in ("TMDB", "AsyncTMDB"):
            yield from ("    options:", "      inherited_members: true")
        if name == "models":  # too many to list
            yield from ("    options:", "      members: false")
    yield from ("", "## For tests", "", "What `tmdb_ext.testing` offers.")
    for name in testing.__all__:
        yield from (
            "",
            f"::: {_home(getattr(testing, name), 'tmdb_ext.testing', name)}",
            "    options:",
            "      heading_level: 3",
        )


def errors_page() -> Iterator[str]:
    """Every error, base first."""
    import tmdb_ext

    yield from ("# Errors", "", "One base class, and what is under it.")
    found = [getattr(tmdb_ext, name) for name in tmdb_ext.__all__]
    kinds = [kind for kind in found if isinstance(kind, type) and issubclass(kind, tmdb_ext.TMDBError)]
    for kind in sorted(kinds, key=lambda kind: (len(kind.__mro__), kind.__name__)):
        yield from ("", f"::: tmdb_ext._errors.{kind.__name__}", "    options:", "      show_bases: true")


def resources_page() -> Iterator[str]:
    """The resources, which both clients have."""
    from tmdb_api_client.v3.resources import Resources
    from tmdb_api_client.v4.resources import Resources as V4Resources

    yield from ("# Resources", "", "Those of a `TMDB`. An `AsyncTMDB` has the same, whose methods are awaited.")
    for version, holder in (("v3", Resources), ("v4", V4Resources)):
        for tag in sorted(name for name in vars(holder) if not name.startswith("_")):
            title = "".join(word.capitalize() for word in tag.split("_")) + "Resource"
            yield from ("", f"## {'tmdb' if version == 'v3' else 'tmdb.v4'}.{tag} {{: #{version}-{tag} }}", "")
            yield from (
                f"::: tmdb_api_client.{version}.resources.{tag}.{title}",
                "    options:",
                "      heading_level: 3",
            )
            yield from ("      show_root_heading: false", "      show_root_toc_entry: false")


def changelog_page() -> Iterator[str]:
    """The changelog, as it is."""
    yield (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def _home(value: object, module: str, name: str) -> str:
    """Return where an object is defined, which is where its docstring is."""
    homes = {
        "API_RELEASE": "tmdb_ext._version",
        "__version__": "tmdb_ext._version",
        "STATUS_CODES": "tmdb_ext._status_codes",
    }
    if isinstance(value, ModuleType):
        return value.__name__
    home = homes.get(name) or getattr(value, "__module__", module)
    return f"{home}.{name}"


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "operations.md": operations_page,
    "status-codes.md": status_codes_page,
    "faults.md": faults_page,
    "reference.md": reference_page,
    "reference-errors.md": errors_page,
    "resources.md": resources_page,
    "changelog.md": changelog_page,
}

if __name__ == "__main__":
    sys.exit(main())
