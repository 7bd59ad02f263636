"""Data of a test's own: what `Simulator.add` and `Simulator.load` take, checked and brought into TMDB's shape."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from tmdb_ext.testing import _parts
from tmdb_ext.testing._cores import BLANK
from tmdb_ext.testing._fill import fits_kind, stable_hex
from tmdb_ext.testing._parts import IMAGE_TYPES, OWN_IMAGE, image
from tmdb_ext.testing._state import State, UserList
from tmdb_ext.testing._world import World

KINDS = (
    "movie", "tv", "season", "episode", "person", "company", "network", "collection", "keyword", "genre", "provider",
    "list", "credit", "image", "video", "review", "translation",
)  # fmt: skip
_ALIASES = {"series": "tv", "film": "movie", "people": "person", "movies": "movie", "watch_provider": "provider"}
_FIRST_OWN_ID = 500_000_000
_LARGEST_OWN_ID = 10**18
_REFERENCES = frozenset({"genres", "production_companies", "networks", "created_by"})
"""Lists of what has a page of its own."""
_DATES = frozenset({"release_date", "first_air_date", "air_date", "birthday", "deathday"})
_EXTRA = {
    "movie": {"genre_ids", "cast", "crew", "collection"}, "tv": {"genre_ids", "cast", "crew"},
    "season": {"series_id", "cast", "crew"}, "episode": {"series_id", "cast"}, "person": {"original_name"},
    "genre": {"media_type"},
}  # fmt: skip
"""Fields besides those of an own page."""


class DataError(ValueError):
    """Data that `add` or `load` cannot take; the message says which and why."""


class Data:
    """Puts data into a world.

    Args:
        world: What there is.
        state: Whose lists there are.
    """

    def __init__(self, world: World, state: State) -> None:
        self._world = world
        self._state = state
        self._next = _FIRST_OWN_ID

    def reset(self) -> None:
        """Begins again with its own ids."""
        self._next = _FIRST_OWN_ID

    def load(self, source: Path) -> int:
        """Adds all that a file or a folder has. See `Simulator.load`."""
        if source.is_dir():
            files = sorted(source.rglob("*.json"))
            if not files:
                raise DataError(f"{source} has no .json file in it")
            return sum(self._load_file(path, source) for path in files)
        return self._load_file(source, source.parent)

    def load_object(self, source: Mapping[str, Any]) -> int:
        """Adds all that an object has."""
        return self._load_content(dict(source), [])

    def _load_file(self, path: Path, root: Path) -> int:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise DataError(f"{path} is not JSON: {error}") from None
        try:
            return self._load_content(content, [*path.relative_to(root).parts[:-1], path.stem])
        except DataError as error:
            raise DataError(f"{path}: {error}") from None

    def _load_content(self, content: Any, names: list[str]) -> int:
        if isinstance(content, dict) and content and all(_kind(name, None) for name in content):
            return sum(self._load_rows(_kind(name, None) or name, rows) for name, rows in content.items())
        for name in reversed(names):
            if kind := _kind(name, None):
                return self._load_rows(kind, content)
        raise DataError(f"name the file or its folder after what it has, or use these keys: {', '.join(KINDS)}")

    def _load_rows(self, kind: str, rows: Any) -> int:
        rows = rows if isinstance(rows, list) else [rows]
        for row in rows:
            if not isinstance(row, dict):
                raise DataError(f"a {kind} is an object, not {json.dumps(row)[:40]}")
            self.add(kind, row, any_field=True)
        return len(rows)

    def add(self, kind: str, fields: Mapping[str, Any], *, any_field: bool = False) -> int | str:
        """Adds one thing or changes it. See `Simulator.add`.

        Args:
            kind: Which kind of thing.
            fields: What is said of it.
            any_field: Whether to keep fields that TMDB is not known to have.
        """
        kind = _kind(kind, KINDS) or kind
        adder: Callable[[dict[str, Any]], int | str] | None = getattr(self, f"_add_{kind}", None)
        if adder is not None:
            with self._state.lock:
                return adder(dict(fields))
        return self._add_entry(kind, dict(fields), any_field=any_field)

    # things with a page of their own

    def _add_entry(self, kind: str, fields: dict[str, Any], *, any_field: bool) -> int:
        key = self._key(kind, fields)
        known = {*BLANK[kind], *_parts.NAMES.get(kind, ()), *_EXTRA.get(kind, ()), "watch_providers"}
        if not any_field:
            _check_names(kind, fields, known)
        else:
            fields = {name: _as_now(BLANK[kind].get(name), value) for name, value in fields.items()}
        for name, value in fields.items():
            _check_value(kind, name, value)
        fields = self._in_shape(kind, fields)
        if not self._world.has(kind, key):
            self._fill_names(kind, fields)
        children = {
            name: fields.pop(name) for name in ("seasons", "episodes") if kind in ("tv", "season") and name in fields
        }
        entry = self._world.put(kind, key, fields)
        for row in children.get("seasons", ()):
            self._add_entry("season", {**row, "series_id": key}, any_field=True)
        for row in children.get("episodes", ()):
            own = {**row, "series_id": key[0], "season_number": key[1]}
            self._add_entry("episode", own, any_field=True)
        if kind == "tv":
            self._world.say(key, fields)
        return entry.id if "id" in entry.core else entry.key

    def _key(self, kind: str, fields: dict[str, Any]) -> Any:
        if kind in ("season", "episode"):
            names = ["series_id", "season_number", "episode_number"][: 2 if kind == "season" else 3]
            if "series_id" not in fields:
                fields["series_id"] = fields.pop("tv", None) or fields.pop("show_id", None)
            for name in names:
                if not fits_kind("integer", fields.get(name)):
                    raise DataError(f"{kind} needs {', '.join(names)}; {name} is missing or not a whole number")
            key = tuple(fields[name] for name in names)
            self._there("tv", key[0])
            if kind == "episode" and not self._world.has("season", key[:2]):
                self._add_entry("season", {"series_id": key[0], "season_number": key[1]}, any_field=True)
            del fields["series_id"]
            if not self._world.has(kind, key):
                fields.setdefault("id", self._own_id())
            return key
        name = "provider_id" if kind == "provider" else "id"
        if name not in fields:
            fields[name] = self._own_id()
        if not fits_kind("integer", fields[name]) or not 1 <= fields[name] <= _LARGEST_OWN_ID:
            raise DataError(f"{name} of a {kind} is a whole number from 1 on, not {fields[name]!r}")
        return fields[name]

    def _own_id(self) -> int:
        self._next += 1
        return self._next

    def _there(self, kind: Any, key: Any) -> Any:
        """The key, if there is such a thing."""
        if not fits_kind("integer", key) or not self._world.has(kind, key):
            raise DataError(f"there is no {kind} with the id {key!r}; add it first")
        return key

    @staticmethod
    def _fill_names(kind: str, fields: dict[str, Any]) -> None:
        for name in ("title", "name"):
            if name in BLANK[kind] and f"original_{name}" in BLANK[kind]:
                fields.setdefault(f"original_{name}", fields.get(name, ""))
        if kind == "season":
            number = fields["season_number"]
            fields.setdefault("name", f"Season {number}" if number else "Specials")
            fields.setdefault("_id", stable_hex(24, "own season", fields["id"]))
        if kind == "episode":
            fields.setdefault("name", f"Episode {fields['episode_number']}")

    def _in_shape(self, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields, with every short form written out."""
        if "genre_ids" in fields:
            fields["genres"] = fields.pop("genre_ids")
        if "collection" in fields and kind == "movie":
            fields["belongs_to_collection"] = fields.pop("collection")
        groups = {name: fields.pop(name) for name in ("cast", "crew", "guest_stars") if name in fields}
        if groups:
            fields["credits"] = {**fields.get("credits", {}), **groups}
        for name in list(fields):
            shaper = _SHAPERS.get(name.replace("watch_providers", "watch/providers"))
            if shaper is not None and name.replace("watch_providers", "watch/providers") in _parts.NAMES.get(kind, ()):
                try:
                    fields[name] = shaper(self, fields[name])
                except DataError as error:
                    raise DataError(f"{name} of a {kind}: {error}") from None
        for name, value in fields.items():
            blank = BLANK[kind].get(name)
            if isinstance(blank, float) and isinstance(value, int):
                fields[name] = float(value)
            elif value is None and name in _DATES and blank is not None:
                fields[name] = blank  # TMDB sends an empty text for a film or series that has no date
        if kind == "tv" and "seasons" in fields:
            fields["seasons"] = [_season_row(row) for row in fields["seasons"]]
        return fields

    # parts added one by one

    def _add_credit(self, fields: dict[str, Any]) -> str:
        person = self._there("person", fields.pop("person", fields.pop("person_id", None)))
        kind, key = self._media(fields)
        group = fields.pop("group", "crew" if "job" in fields else "cast")
        row = {"id": person, **fields}
        row.setdefault("credit_id", stable_hex(24, "own credit", kind, key, person, sorted(fields.items())))
        entry = self._world.entry(kind, key)
        groups = {name: list(rows) for name, rows in self._world.part(entry, "credits").items()}
        if group not in ("cast", "crew", "guest_stars"):
            raise DataError(f"group is cast, crew or guest_stars, not {group!r}")
        groups.setdefault(group, []).append(row)
        self._world.put(kind, key, {"credits": groups})
        return str(row["credit_id"])

    def _add_image(self, fields: dict[str, Any]) -> str:
        kind, key = self._media(fields)
        sort = fields.pop("type", None)
        if sort not in IMAGE_TYPES:
            raise DataError(f"type is one of {', '.join(IMAGE_TYPES)}, not {sort!r}")
        entry, name = self._world.entry(kind, key), IMAGE_TYPES[sort]
        images = {one: list(rows) for one, rows in self._world.part(entry, "images").items()}
        if name not in images:
            raise DataError(f"a {kind} has no {name}; it has {', '.join(images)}")
        fields.setdefault("file_path", f"/{stable_hex(24, 'own image', kind, key, name, len(images[name]))}.jpg")
        images[name].append(_image_row(name, fields))
        own = OWN_IMAGE[name]
        first = {} if entry.core.get(own, "") else {own: fields["file_path"]}
        self._world.put(kind, key, {"images": images, **first})
        return str(fields["file_path"])

    def _append(self, part: str, fields: dict[str, Any], shaper: Callable[[Any, Any], Any]) -> Any:
        kind, key = self._media(fields)
        entry = self._world.entry(kind, key)
        if part not in _parts.NAMES[kind]:
            raise DataError(f"a {kind} has no {part}")
        rows = [*self._world.part(entry, part), *shaper(self, [fields])]
        self._world.put(kind, key, {part: rows})
        return rows[-1]

    def _add_video(self, fields: dict[str, Any]) -> str:
        return str(self._append("videos", fields, _videos)["id"])

    def _add_review(self, fields: dict[str, Any]) -> str:
        return str(self._append("reviews", fields, _reviews)["id"])

    def _add_translation(self, fields: dict[str, Any]) -> str:
        about = {
            name: fields.pop(name) for name in list(fields) if name in (*_ABOUT, "season_number", "episode_number")
        }
        language = fields.pop("language", None) or fields.pop("iso_639_1", None)
        if not isinstance(language, str) or not language:
            raise DataError("a translation needs language, such as de")
        row = {"iso_639_1": language, "iso_3166_1": fields.pop("iso_3166_1", None), "data": fields.pop("data", fields)}
        self._append("translations", {**about, **row}, _translations)
        return language

    def _media(self, fields: dict[str, Any]) -> tuple[str, Any]:
        """What a credit, an image or the like belongs to: `movie=11`, or `tv=41, season_number=1`."""
        named = [name for name in _ABOUT if name in fields]
        if len(named) != 1:
            raise DataError(f"say what it belongs to with one of {', '.join(_ABOUT)}")
        kind = named[0]
        key = self._there(kind, fields.pop(kind))
        if kind == "tv" and "season_number" in fields:
            numbers = [fields.pop(name) for name in ("season_number", "episode_number") if name in fields]
            deeper = ("season", "episode")[len(numbers) - 1]
            if not self._world.has(deeper, (key, *numbers)):
                raise DataError(f"series {key} has no such {deeper}; add it first")
            return deeper, (key, *numbers)
        return kind, key

    # what is no page

    def _add_genre(self, fields: dict[str, Any]) -> int:
        _check_names("genre", fields, {"id", "name", "media_type"})
        number, name = fields.get("id"), fields.get("name")
        if not fits_kind("integer", number) or not isinstance(name, str):
            raise DataError("a genre needs id, a whole number, and name")
        for kind in [fields["media_type"]] if "media_type" in fields else ("movie", "tv"):
            if kind not in self._world.genres:
                raise DataError(f"media_type of a genre is movie or tv, not {kind!r}")
            self._world.genres[kind][int(number)] = (name,)  # type: ignore[arg-type]
        self._world.changed()
        return int(number)  # type: ignore[arg-type]

    def _add_list(self, fields: dict[str, Any]) -> int:
        known = {
            "id",
            "name",
            "description",
            "items",
            "public",
            "language",
            "iso_639_1",
            "iso_3166_1",
            "owner",
            "sort_by",
        }
        _check_names("list", fields, known)
        owner = fields.get("owner")
        users = self._state.users
        if owner is not None and owner not in users:
            raise DataError(f"there is no user {owner!r}; make one with create_user()")
        user = users[owner] if owner is not None else next(iter(users.values()))
        language = fields.get("language") or fields.get("iso_639_1") or "en"
        made: UserList = self._state.create_list(
            user, str(fields.get("name", "")), fields.get("description", ""), language
        )
        if "id" in fields:
            if not fits_kind("integer", fields["id"]):
                raise DataError(f"id of a list is a whole number, not {fields['id']!r}")
            del self._state.lists[made.id]
            made.id = fields["id"]
            self._state.lists[made.id] = made
        made.public = bool(fields.get("public", True))
        made.sort_by = fields.get("sort_by", made.sort_by)
        made.country = fields.get("iso_3166_1", made.country)
        for item in fields.get("items", ()):
            kind, key = (
                (item.get("media_type"), item.get("media_id", item.get("id"))) if isinstance(item, Mapping) else item
            )
            made.items[kind, self._there(kind, key)] = item.get("comment") if isinstance(item, Mapping) else None
        return made.id


_ABOUT = ("movie", "tv", "person", "company", "network", "collection")


def _kind(name: str, kinds: tuple[str, ...] | None) -> str | None:
    """The kind of a name, which may be in the plural; None if there is none and no kinds to name in an error."""
    plain = name.lower().removesuffix(".json")
    known = {**_ALIASES, **{one: one for one in KINDS}, **{f"{one}s": one for one in KINDS}, "companies": "company"}
    if plain in known:
        return known[plain]
    if kinds is None:
        return None
    near = difflib.get_close_matches(plain, kinds, 1)
    raise DataError(
        f"there is no kind {name!r}{f'; did you mean {near[0]}' if near else ''}; kinds: {', '.join(kinds)}"
    )


def _check_names(kind: str, fields: Mapping[str, Any], known: set[str]) -> None:
    for name in fields:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), 1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known))}"
            raise DataError(f"a {kind} has no field {name!r}; {hint}")


_TYPES: dict[type, tuple[tuple[type, ...], str]] = {
    str: ((str, type(None)), "a text"), bool: ((bool,), "true or false"), int: ((int, type(None)), "a whole number"),
    float: ((int, float), "a number"), list: ((list, tuple), "a list"),
}  # fmt: skip


def _as_now(blank: Any, value: Any) -> Any:
    """A value as TMDB sends it now: it has written numbers as texts, and truths as numbers."""
    if isinstance(blank, bool) and value in (0, 1):
        return bool(value)
    if isinstance(blank, float) and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _check_value(kind: str, name: str, value: Any) -> None:
    blank = BLANK[kind].get(name)
    wanted, called = _TYPES.get(type(blank), ((object,), ""))
    if not isinstance(value, wanted) or (type(blank) in (int, float) and isinstance(value, bool)):
        raise DataError(f"{name} of a {kind} is {called}, not {value!r}")
    linked: list[Any] = []
    if isinstance(value, (list, tuple)) and name in _REFERENCES:
        linked = list(value)
    elif name == "belongs_to_collection" and value is not None:
        linked = [value]
    for one in linked:
        if not fits_kind("integer", one["id"] if isinstance(one, Mapping) and "id" in one else one):
            raise DataError(f"{name} of a {kind} has ids, or objects with an id, not {one!r}")
    if name in _DATES and value:
        try:
            date.fromisoformat(str(value))
        except (TypeError, ValueError):
            raise DataError(f"{name} of a {kind} is a date such as 2024-05-31, not {value!r}") from None


def _rows(value: Any, *names: str, ids: bool = False) -> list[Any]:
    """The objects in what TMDB calls `{"results": […]}` or the like, or in a list as it is; or ids of such."""
    for name in (*names, "results"):
        if isinstance(value, Mapping) and name in value:
            value = value[name]
    if not isinstance(value, (list, tuple)):
        raise DataError(f"a list is needed, not {value!r}")
    for row in value:
        if not isinstance(row, Mapping) and not (ids and fits_kind("integer", row)):
            raise DataError(f"{'ids or objects' if ids else 'objects'} are needed, not {row!r}")
    return list(value)


def _required(row: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if name not in row:
            raise DataError(f"{name} is missing in {dict(row)!r}")


def _season_row(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise DataError(f"a season is an object with season_number, not {value!r}")
    row: dict[str, Any] = dict(value)
    count = row.pop("episode_count", 0)
    row.pop("show_id", None)
    if "episodes" not in row:
        row["episodes"] = [{"episode_number": number} for number in range(1, count + 1)]
    return row


def _credits(data: Data, value: Any) -> dict[str, list[dict[str, Any]]]:
    if not isinstance(value, Mapping):
        raise DataError('credits are {"cast": […], "crew": […]}')
    found = {}
    for group in ("cast", "crew", "guest_stars"):
        if group in value:
            rows = [dict(row) if isinstance(row, Mapping) else {"id": row} for row in value[group]]
            for row in rows:
                row["id"] = row.get("id", row.pop("person", None))
                if not fits_kind("integer", row["id"]):
                    raise DataError(f"who is in {group}? id, the person's, is missing")
                if row.get("name") and not data._world.has("person", row["id"]):  # noqa: SLF001 - of this module
                    person = {name: row[name] for name in BLANK["person"] if name in row}
                    data.add("person", person)
            found[group] = rows
    return found


def _image_row(kind: str, row: Any) -> dict[str, Any]:
    row = {"file_path": row} if isinstance(row, str) else dict(row)
    language = row.get("iso_639_1")
    made = image(kind, language, str(row.get("file_path", "")))
    return {**made, **row}


def _images(_: Data, value: Any) -> dict[str, list[dict[str, Any]]]:
    if not isinstance(value, Mapping):
        raise DataError('images are {"posters": […], "backdrops": […]}')
    return {
        kind: [_image_row(kind, row) for row in rows] for kind, rows in value.items() if isinstance(rows, (list, tuple))
    }


def _videos(_: Data, value: Any) -> list[dict[str, Any]]:
    usual = {
        "iso_639_1": "en", "iso_3166_1": "US", "name": "Trailer", "key": "", "site": "YouTube", "size": 1080,
        "type": "Trailer", "official": True, "published_at": "2020-01-01T00:00:00.000Z",
    }  # fmt: skip
    rows = [{**usual, **row} for row in _rows(value)]
    return [{**row, "id": row.get("id") or stable_hex(24, "own video", sorted(row.items()))} for row in rows]


def _reviews(_: Data, value: Any) -> list[dict[str, Any]]:
    made = []
    for row in _rows(value):
        who = row.get("author", "somebody")
        identifier = row.get("id") or stable_hex(24, "own review", who, row.get("content", ""))
        details = {"name": "", "username": who, "avatar_path": None, "rating": row.get("rating")}
        when = row.get("created_at", "2020-01-01T00:00:00.000Z")
        made.append(
            {
                "author": who,
                "author_details": {**details, **row.get("author_details", {})},
                "content": row.get("content", ""),
                "created_at": when,
                "id": identifier,
                "updated_at": row.get("updated_at", when),
                "url": row.get("url", f"https://www.themoviedb.org/review/{identifier}"),
            }
        )
    return made


def _translations(_: Data, value: Any) -> list[dict[str, Any]]:
    if isinstance(value, Mapping) and "translations" not in value:
        return [{"language": language, "country": None, "data": dict(data)} for language, data in value.items()]
    rows = _rows(value, "translations")
    return [
        {
            "language": row.get("iso_639_1") or row.get("language"),
            "country": row.get("iso_3166_1"),
            "data": row.get("data") or {},
        }
        for row in rows
    ]


def _release_dates(_: Data, value: Any) -> list[dict[str, Any]]:
    if isinstance(value, Mapping) and "results" not in value:
        value = [{"iso_3166_1": country, "release_dates": [{"release_date": day}]} for country, day in value.items()]
    usual = {"certification": "", "descriptors": [], "iso_639_1": "", "note": "", "release_date": "", "type": 3}
    made = []
    for row in _rows(value):
        _required(row, "iso_3166_1", "release_dates")
        days = [{**usual, **one} for one in row["release_dates"]]
        for one in days:
            if one["type"] not in range(1, 7):
                raise DataError(f"type of a release is 1 to 6, not {one['type']!r}")
            if len(one["release_date"]) == len("2024-05-31"):
                one["release_date"] += "T00:00:00.000Z"
        made.append({"iso_3166_1": row["iso_3166_1"], "release_dates": days})
    return made


def _watch_providers(_: Data, value: Any) -> dict[str, Any]:
    found = value.get("results", value) if isinstance(value, Mapping) else None
    if not isinstance(found, Mapping):
        raise DataError('watch/providers are {"DE": {"link": …, "flatrate": […]}}')
    return dict(found)


def _episode_groups(_: Data, value: Any) -> list[dict[str, Any]]:
    made = []
    for row in _rows(value):
        groups = row.get("groups", [])
        count = sum(len(one.get("episodes", ())) for one in groups)
        usual = {
            "description": "",
            "episode_count": count,
            "group_count": len(groups),
            "groups": groups,
            "network": None,
        }
        identifier = row.get("id") or stable_hex(24, "own group", row.get("name", ""))
        made.append({**usual, "name": "", "type": 1, **row, "id": identifier})
    return made


def _plain(*names: str, ids: bool = False, needs: tuple[str, ...] = ()) -> Callable[[Data, Any], list[Any]]:
    def shaped(_: Data, value: Any) -> list[Any]:
        rows = _rows(value, *names, ids=ids)
        for row in rows:
            if isinstance(row, Mapping):
                _required(row, *needs)
        return rows

    return shaped


def _external_ids(_: Data, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise DataError('external_ids are {"imdb_id": "tt0000001"} or the like')
    return {name: one for name, one in value.items() if name != "id"}


_SHAPERS: dict[str, Callable[[Data, Any], Any]] = {
    "credits": _credits, "images": _images, "videos": _videos, "reviews": _reviews, "translations": _translations,
    "release_dates": _release_dates, "watch/providers": _watch_providers, "episode_groups": _episode_groups,
    "keywords": _plain("keywords", ids=True, needs=("id", "name")),
    "alternative_titles": _plain("titles", needs=("iso_3166_1", "title")), "alternative_names": _plain(needs=("name",)),
    "content_ratings": _plain(needs=("iso_3166_1", "rating")), "screened_theatrically": _plain(),
    "recommendations": _plain(ids=True, needs=("id",)), "similar": _plain(ids=True, needs=("id",)),
    "external_ids": _external_ids,
}  # fmt: skip
