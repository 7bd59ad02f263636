"""scripts/live: ask TMDB itself every read operation, and hold what it answers against our document and the client.

It asks for a few things of each kind, in two languages and with everything that can be appended; it rates a movie as a
guest and deletes the rating; with a user's token or session it asks what is the user's, and changes nothing of it.
Nothing is stored, and nothing of an answer is printed but names of keys, types, and what an enumeration lacks.
"""

from __future__ import annotations

import argparse
import datetime
import fnmatch
import json
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from tmdb_ext import TMDB, TMDBError

from . import truth
from .bindings import Bindings
from .build import OPENAPI
from .distil import Json, operations
from .evidence import Evidence, version_of
from .mending import Mender, is_below
from .notation import ref_name
from .source import APIS

OK, CONTRADICTED, NOT_ASKED, UNANSWERED = 0, 1, 2, 3
EPILOG = """\
Credentials come from the environment: TMDB_ACCESS_TOKEN or TMDB_API_KEY and, for a user's own reads,
TMDB_USER_ACCESS_TOKEN or TMDB_SESSION_ID. Exit code: 0 nothing contradicts; 1 something contradicts, or there are new
keys; 2 TMDB could not be asked; 3 nothing contradicts, and an operation gave no answer to judge.
"""
LANGUAGES = ("en-US", "de-DE")
MOST_APPENDED = 20
RATED_MOVIE, RATING = 11, 8.5
CHANGES = {"GET /4/list/{list_id}/clear"}
"""Operations that change something although they are asked with GET."""
RATE, UNRATE = "POST /3/movie/{movie_id}/rating", "DELETE /3/movie/{movie_id}/rating"
NOT_APPENDED = re.compile(r"account_states|season/(?![01]$).*")
"""What is not appended: what is a user's, and more than two seasons."""
CREDENTIALS = {"session_id", "guest_session_id"}
"""Query parameters that the client sees to."""
KNOWN: dict[str, tuple[Any, ...]] = {
    "collection_id": (10, 86311),
    "company_id": (1, 420),
    "external_source": ("imdb_id",),
    "genre_id": (18, 16),
    "keyword_id": (3417, 818),
    "media_id": (RATED_MOVIE,),
    "media_type": ("movie",),
    "movie_id": (RATED_MOVIE, 550),
    "network_id": (213, 49),
    "person_id": (2, 287),
    "query": ("star", "love"),
    "season_number": (1, 0),
    "episode_number": (1,),
    "series_id": (1396, 1399),
}
"""What to ask for, by the name of a parameter. Ids of TMDB's that have been there for long."""
LEARNT: dict[str, tuple[str, str]] = {
    "credit_id": ("GET /3/movie/{movie_id}/credits", "cast[].credit_id"),
    "episode_id": ("GET /3/tv/{series_id}/season/{season_number}", "episodes[].id"),
    "external_id": ("GET /3/movie/{movie_id}/external_ids", "imdb_id"),
    "list_id": ("GET /3/movie/{movie_id}/lists", "results[].id"),
    "movie_id": ("GET /3/trending/movie/{time_window}", "results[].id"),
    "person_id": ("GET /3/person/popular", "results[].id"),
    "review_id": ("GET /3/movie/{movie_id}/reviews", "results[].id"),
    "season_id": ("GET /3/tv/{series_id}", "seasons[].id"),
    "series_id": ("GET /3/tv/on_the_air", "results[].id"),
    "tv_episode_group_id": ("GET /3/tv/{series_id}/episode_groups", "results[].id"),
}
"""Where more is learnt: the operation, and the place in its answer."""


@dataclass
class Judged:
    """What the answers of one version of the API say."""

    document: Json
    evidence: Evidence
    annotations: Counter[str] = field(default_factory=Counter)
    """Model.attribute -> how often it was not what its annotation says."""
    failures: dict[str, str] = field(default_factory=dict)
    """Operation -> what the client makes of a good answer that it should not."""

    def judge(self, key: str, status: int, name: str, body: Any) -> None:
        """Hold an answer against the document and against the annotations of what the client decodes.

        Args:
            key: The operation, its method and path template.
            status: The HTTP status.
            name: What tells the answer from the others.
            body: The JSON.
        """
        self.evidence.add(key, status, name, body)
        try:
            decoded = truth.decode(key, status, body)
            self.annotations.update(place for place, contradicts in truth.contradictions(decoded) if contradicts)
            if truth.encode(decoded) != body:
                self.failures[key] = "what the client decodes does not come back as it was sent"
        except Exception as error:  # noqa: BLE001 - whatever it raises is what this is to find out
            self.failures[key] = f"the client raises {type(error).__name__} on an answer with status {status}"


class Live:
    """Asks, and judges what is answered.

    Args:
        tmdb: The client to ask with.
        only: Patterns of operation ids; none for all.
        things: How many things of each kind to ask for.
        languages: The languages to ask in.
    """

    def __init__(self, tmdb: TMDB, only: Sequence[str], things: int, languages: Sequence[str]) -> None:
        self._tmdb = tmdb
        self._things = things
        self._languages = languages
        self._learnt: dict[str, list[Any]] = defaultdict(list)
        documents = {api: json.loads((OPENAPI / f"tmdb-{api}.json").read_bytes()) for api in APIS}
        self._bindings = {api: Bindings(document) for api, document in documents.items()}
        self._operations = {
            f"{method.upper()} {path}": operation
            for document in documents.values()
            for path, method, operation in operations(document)
        }
        reads = [key for key, row in truth.rows().items() if row.method == "GET" and key not in CHANGES]
        self._reads = self._with_suppliers([key for key in reads if _is_chosen(truth.rows()[key].id, only)])
        self.judged = {api: Judged(document, Evidence(document)) for api, document in documents.items()}
        self.requests = 0
        self.answered: set[str] = set()
        self.refused: dict[str, Counter[str]] = defaultdict(Counter)
        """Operation -> why there was no answer to judge, and how often."""

    def _with_suppliers(self, chosen: Sequence[str]) -> list[str]:
        """Some operations, after those that tell what to ask them for."""
        result: dict[str, None] = {}

        def add(key: str) -> None:
            names = {str(parameter["name"]) for parameter in self._needed(key)}
            for name in sorted(names & LEARNT.keys() - KNOWN.keys()):
                add(LEARNT[name][0])
            result.setdefault(key)

        for key in sorted(chosen, key=lambda key: key not in {supplier for supplier, _ in LEARNT.values()}):
            add(key)
        return [*result]

    def run(self, *, session: bool, token: bool) -> None:
        """Ask everything.

        Args:
            session: Whether to ask v3 what is the user's.
            token: Whether to ask v4 what is the user's.

        Raises:
            TMDBError: the client could not begin to act for the user.
        """
        self._ask_all(self._tmdb.with_options(mode="application"), {"none", "optional_user_access_token"}, {})
        self._ask_as_guest()
        if session:
            user = self._tmdb.with_options(mode="session")
            self._ask_all(user, {"either", "session"}, {"account_id": self._tmdb.auth.account_id()})
        if token:
            account = {"account_object_id": self._tmdb.v4.account.id()}
            self._ask_all(self._tmdb, {"user_access_token", "optional_user_access_token"}, account)

    def _ask_as_guest(self) -> None:
        """Rate a movie as a guest, ask what is the guest's, and delete the rating."""
        kinds = {"either", "guest_session"}
        if not any(truth.rows()[key].user_auth in kinds for key in self._reads):
            return
        guest = self._tmdb.with_options(mode="guest")
        own = {"guest_session_id": self._tmdb.guest.start().id.reveal()}
        body = import_module("tmdb_api_client.v3.models").RatingBody.from_dict({"value": RATING})
        self._ask(guest, RATE, {"movie_id": RATED_MOVIE, "body": body})
        try:
            self._ask_all(guest, kinds, own)
        finally:
            self._ask(guest, UNRATE, {"movie_id": RATED_MOVIE})

    def _ask_all(self, client: TMDB, kinds: set[str], own: Mapping[str, Any]) -> None:
        """Ask the operations that take one of some user-level credentials; those that learn from others come later."""
        waiting = [key for key in self._reads if truth.rows()[key].user_auth in kinds]
        while waiting:
            ready = [key for key in waiting if not self._unknown(key, own)]
            for key in ready:
                for arguments in self._arguments(key, own):
                    self._ask(client, key, arguments)
            waiting = [key for key in waiting if key not in ready]
            if not ready:
                break
        for key in waiting:
            self.refused[key][f"not asked: no {' and no '.join(self._unknown(key, own))} is known"] += 1

    def _needed(self, key: str) -> Iterator[Json]:
        """The parameters that an operation is to have."""
        for parameter in self._operations[key]["parameters"]:
            name = parameter["name"]
            if (parameter["required"] or name == "movie_id") and name not in CREDENTIALS - {_path_name(parameter)}:
                yield parameter

    def _unknown(self, key: str, own: Mapping[str, Any]) -> list[str]:
        return [parameter["name"] for parameter in self._needed(key) if not self._values(key, parameter, own)]

    def _values(self, key: str, parameter: Json, own: Mapping[str, Any]) -> list[Any]:
        name = parameter["name"]
        if name in own:
            return [own[name]]
        listed = self._enumerated(key, parameter["schema"])
        known = [value for value in KNOWN.get(name, ()) if not listed or value in listed]
        return [*known, *self._learnt[name]] or listed

    def _enumerated(self, key: str, schema: Json) -> list[Any]:
        components = self.judged[version_of(key)].document["components"]["schemas"]
        schema = components.get(ref_name(schema) or "", schema)
        return list(schema.get("enum", ()))

    def _arguments(self, key: str, own: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """What to ask an operation with: a few things, in each language, and with all that can be appended."""
        operation = self._operations[key]
        names = {
            there: name for name, there in self._bindings[version_of(key)].parameters[operation["operationId"]].items()
        }
        needed = {names[p["in"], p["name"]]: self._values(key, p, own) for p in self._needed(key)}
        asked: list[dict[str, Any]] = []
        for number in range(self._things):
            chosen = {name: values[number % len(values)] for name, values in needed.items()}
            if chosen not in asked:
                asked.append(chosen)
        by_name = {p["name"]: p for p in operation["parameters"] if p["in"] == "query"}
        for chosen in asked:
            if "language" not in by_name:
                yield chosen
            for language in self._languages if "language" in by_name else ():
                yield {**chosen, names["query", "language"]: language}
            if "append_to_response" in by_name:
                listed = self._enumerated(key, by_name["append_to_response"]["schema"]["items"])
                appended = [name for name in listed if not NOT_APPENDED.fullmatch(name)][:MOST_APPENDED]
                yield {**chosen, names["query", "append_to_response"]: appended}

    def _ask(self, client: TMDB, key: str, arguments: Mapping[str, Any]) -> None:
        api = version_of(key)
        http = (client.v4 if api == "v4" else client).low_level.get_httpx_client()
        self.requests += 1
        try:
            response = http.request(**truth.endpoint_of(truth.rows()[key]).get_kwargs(**arguments))
            body = response.json() if response.content else None
        except TMDBError as error:
            self.refused[key][type(error).__name__] += 1
            return
        except ValueError:
            self.refused[key]["no JSON"] += 1
            return
        if response.is_success:
            self._learn(key, body)
        if response.is_success or (response.status_code == 404 and self._may_be_absent(key)):
            self.answered.add(key)
        else:
            code = body.get("status_code") if isinstance(body, dict) else None
            self.refused[key][f"status {response.status_code}, code {code}"] += 1
        self.judged[api].judge(key, response.status_code, str(self.requests), body)

    def _may_be_absent(self, key: str) -> bool:
        """Whether 404 is an answer: an item is not on the list, a guest has rated nothing."""
        return "x-absent" in self._operations[key] or key.startswith("GET /3/guest_session/")

    def _learn(self, key: str, body: Any) -> None:
        for name, (supplier, place) in LEARNT.items():
            if supplier == key:
                known = self._learnt[name]
                more = [value for value in found(body, place.split(".")) if value not in (*known, None, "")]
                known += [value for value in more if value not in KNOWN.get(name, ())][: self._things]

    # What came of it

    @property
    def without_answer(self) -> list[str]:
        """The operations that were to be asked, and gave no answer to judge."""
        return sorted(self.refused.keys() - self.answered)

    def report(self) -> tuple[list[str], bool]:
        """Return what the answers say, as lines to print, and whether something contradicts."""
        checked = sum(judged.evidence.checked for judged in self.judged.values())
        asked = len(self.answered | self.refused.keys())
        lines = [f"{self.requests} requests to {asked} operations, {checked:,} values compared"]
        contradicted = False
        seen = datetime.datetime.now(datetime.UTC).strftime("%Y-%m")
        for api, judged in self.judged.items():
            findings = judged.evidence.findings
            mends = Mender(judged.document, seen, _is_personal).mends(findings)
            places = {finding.place for finding in findings}
            mends.by_hand += [
                f"{place}: {count} values are not what its annotation says, though the document has room for them"
                for place, count in sorted(judged.annotations.items())
                if not any(is_below(place, other) for other in places)
            ]
            mends.by_hand += [f"{key}: {failure}" for key, failure in sorted(judged.failures.items())]
            contradicted |= bool(findings or mends.by_hand)
            news = sum(finding.kind == "unknown" for finding in findings)
            lines.append(f"{api}: {len(findings) - news} contradictions, {news} new keys")
            if described := mends.lines(api):
                lines += ["", *described, ""]
        for key in self.without_answer:
            why = ", ".join(
                f"{reason} ({count} times)" if count > 1 else reason for reason, count in self.refused[key].items()
            )
            lines.append(f"no answer to judge: {key}: {why}")
        return lines, contradicted


def found(value: Any, place: Sequence[str]) -> Iterator[Any]:
    """The values at a place in an answer: `cast[].credit_id`, split at its dots."""
    if not place:
        if not isinstance(value, dict | list):
            yield value
        return
    name, is_list = place[0].removesuffix("[]"), place[0].endswith("[]")
    inside = value.get(name) if isinstance(value, dict) else None
    for item in inside if is_list and isinstance(inside, list) else [inside]:
        yield from found(item, place[1:])


def _path_name(parameter: Json) -> str | None:
    return str(parameter["name"]) if parameter["in"] == "path" else None


def _is_chosen(identifier: str, only: Sequence[str]) -> bool:
    return not only or any(fnmatch.fnmatchcase(identifier, pattern) for pattern in only)


def _is_personal(key: str) -> bool:
    return truth.rows()[key].user_auth != "none"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/live",
        description="Ask TMDB every read operation, and print what contradicts the document, as entries for openapi/.",
        epilog=EPILOG,
    )
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="operations of that id: movie-*")
    parser.add_argument("--things", type=int, default=3, metavar="N", help="how many of each kind to ask for (3)")
    parser.add_argument(
        "--language", action="append", metavar="TAG", help=f"a language to ask in ({', '.join(LANGUAGES)})"
    )
    parser.add_argument("--rate", type=float, metavar="N", help="requests a second; TMDB's own limit by default")
    parser.add_argument("--skip-missing", action="store_true", help="exit 0 if there is no credential")
    options = parser.parse_args(arguments)
    if options.things < 1:
        parser.error("--things: give a number of at least 1")
    if not any(os.environ.get(name) for name in ("TMDB_ACCESS_TOKEN", "TMDB_API_KEY")):
        print("live: set TMDB_ACCESS_TOKEN or TMDB_API_KEY in the environment", file=sys.stderr)
        return OK if options.skip_missing else NOT_ASKED
    os.environ.pop("TMDB_GUEST_SESSION_ID", None)  # the rating is made with a guest session of its own
    try:
        return _asked(options)
    except TMDBError as error:
        print(f"live: {error}", file=sys.stderr)
        return NOT_ASKED


def _asked(options: argparse.Namespace) -> int:
    has_token = bool(os.environ.get("TMDB_USER_ACCESS_TOKEN"))
    has_session = bool(os.environ.get("TMDB_SESSION_ID"))
    with TMDB(rate_limit=options.rate or "tmdb") as tmdb:
        tmdb.authentication.validate_key()
        live = Live(tmdb, options.only, options.things, options.language or LANGUAGES)
        try:
            live.run(session=has_session or has_token, token=has_token)
        finally:
            if has_token and not has_session:
                tmdb.auth.logout()  # the session that the token was converted into
    lines, contradicted = live.report()
    print("\n".join(lines))
    if contradicted:
        return CONTRADICTED
    return UNANSWERED if live.without_answer else OK


if __name__ == "__main__":
    raise SystemExit(main())
