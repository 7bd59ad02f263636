"""What TMDB may publish tomorrow: changes to its document, each with what is to come of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.distil import operations
from project import ROOT, published

Json = dict[str, Any]
Alter = Callable[[Json], Any]
KEPT = (
    "/3/guest_session/{guest_session_id}/rated/movies", "/3/list", "/3/movie/{movie_id}", "/3/movie/{movie_id}/credits",
    "/3/movie/{movie_id}/rating", "/3/person/{person_id}/images", "/3/review/{review_id}", "/3/tv/{series_id}",
    "/3/tv/{series_id}/season/{season_number}",
)  # fmt: skip
AWARDS = "/3/movie/{movie_id}/awards"
MOVIE_ID = {"name": "movie_id", "in": "path", "required": True, "schema": {"type": "integer", "format": "int32"}}
INTEGER = {"type": "integer"}
STRING = {"type": "string"}


def shape(**properties: Any) -> Json:
    return {"type": "object", "properties": properties}


AWARD = shape(id=INTEGER, results={"type": "array", "items": shape(year=INTEGER, festival=STRING)})


def answer(schema: Any, kind: str = "application/json") -> Json:
    return {"200": {"description": "200", "content": {kind: {"schema": schema}}}}


def operation(identifier: str | None = "movie-awards", schema: Any = AWARD, *parameters: Any, **more: Any) -> Json:
    result = {"operationId": identifier, "parameters": [MOVIE_ID, *parameters], "responses": answer(schema), **more}
    return {key: value for key, value in result.items() if value is not None}


def base() -> Json:
    """A part of the newest document, in the form that TMDB publishes."""
    document = json.loads((ROOT / "openapi/distilled/tmdb-v3-2026-03-23.json").read_bytes())
    document["paths"] = {path: item for path, item in document["paths"].items() if path in KEPT}
    loaded: Json = json.loads(published(document))
    return loaded


BASE = base()
OPERATIONS = {f"{method} {path}" for path, method, _ in operations(BASE)}


@dataclass(frozen=True)
class Mutation:
    """A change, and what is to come of it."""

    name: str
    alter: Alter
    says: tuple[str, ...] = ()
    """What the report has to say."""
    refused: str | None = None
    """What the refusal says, if the document is not taken at all."""
    has: tuple[str, ...] = ()
    """Methods that are there, with their parameters: movies.awards(movie_id)."""
    lost: tuple[str, ...] = ()
    """Operations of the base that are not there any more: GET /3/list."""

    def document(self) -> Json:
        document = copy.deepcopy(BASE)
        altered = self.alter(document)
        return altered if isinstance(altered, dict) and "openapi" in altered else document


def add(path: str = AWARDS, method: str = "get", made: Json | None = None, **more: Any) -> Alter:
    """Add an operation."""

    def alter(document: Json) -> None:
        document["paths"].setdefault(path, {})[method] = copy.deepcopy(made or operation(**more))

    return alter


def answers(schema: Any, **components: Any) -> Alter:
    """Add an operation that answers with a schema."""

    def alter(document: Json) -> None:
        document["paths"][AWARDS] = {"get": operation(schema=schema)}
        document.setdefault("components", {}).setdefault("schemas", {}).update(components)

    return alter


def holds(schema: Any, **components: Any) -> Alter:
    """Add an operation whose answer has a property of a schema."""
    return answers(shape(id=INTEGER, thing=schema), **components)


def takes(*parameters: Any, path: str = AWARDS, **more: Any) -> Alter:
    """Add an operation with parameters."""
    return add(path, made=operation("movie-awards", AWARD, *parameters, **more))


def festival(placeholder: str) -> Alter:
    """Add an operation whose path has a placeholder, declared as an integer."""
    declared = {"name": placeholder, "in": "path", "schema": INTEGER}
    return add(f"/3/festival/{{{placeholder}}}", made={**operation("festival-details"), "parameters": [declared]})


def query(name: str, schema: Any = STRING, **more: Any) -> Json:
    return {"name": name, "in": "query", "schema": schema, **more}


def sends(schema: Any, kind: str = "application/json", method: str = "post", **more: Any) -> Alter:
    """Add an operation with a body."""
    body = {"content": {kind: {"schema": schema, **more}}}
    made = operation("movie-award-add", shape(success={"type": "boolean"}), requestBody=body)
    return add(AWARDS, method, made)


def responds(responses: Any, method: str = "get") -> Alter:
    """Add an operation with other responses."""

    def alter(document: Json) -> None:
        made = operation()
        made["responses"] = responses
        document["paths"][AWARDS] = {method: made}

    return alter


def existing(path: str, change: Callable[[Json], Any], method: str = "get") -> Alter:
    """Change an operation that there is."""
    return lambda document: change(document["paths"][path][method])


def put(where: Json, **values: Any) -> None:
    where.update(values)


def schema_of(found: Json) -> Json:
    schema: Json = found["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


def rename(old: str, new: str) -> Alter:
    def alter(document: Json) -> None:
        document["paths"][new] = document["paths"].pop(old)

    return alter


def remove(*prefixes: str) -> Alter:
    def alter(document: Json) -> None:
        document["paths"] = {path: item for path, item in document["paths"].items() if not path.startswith(prefixes)}

    return alter


def lost(*prefixes: str) -> tuple[str, ...]:
    return tuple(sorted(one for one in OPERATIONS if one.partition(" ")[2].startswith(prefixes)))


def by_reference(document: Json) -> None:
    """Every schema, parameter, response and body by reference."""
    components: Json = {"schemas": {}, "parameters": {}, "responses": {}, "requestBodies": {}, "pathItems": {}}
    document["components"] = components
    for number, (_, _, found) in enumerate(operations(document)):
        for index, parameter in enumerate(found["parameters"]):
            components["parameters"][f"p{number}_{index}"] = parameter
            found["parameters"][index] = {"$ref": f"#/components/parameters/p{number}_{index}"}
        components["schemas"][f"S{number}"] = schema_of(found)
        response = {
            "description": "",
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/S{number}"}}},
        }
        components["responses"][f"R{number}"] = response
        found["responses"] = {"200": {"$ref": f"#/components/responses/R{number}"}}
        if "requestBody" in found:
            components["requestBodies"][f"B{number}"] = found["requestBody"]
            found["requestBody"] = {"$ref": f"#/components/requestBodies/B{number}"}
    for number, (path, item) in enumerate(list(document["paths"].items())):
        components["pathItems"][f"I{number}"] = item
        document["paths"][path] = {"$ref": f"#/components/pathItems/I{number}"}


def ten_times(document: Json) -> None:
    for path, item in list(document["paths"].items()):
        for number in range(9):
            copied = copy.deepcopy(item)
            for found in copied.values():
                found["operationId"] += f"-{number}"
            document["paths"][path.replace("/3/", f"/3/n{number}/", 1)] = copied


def three_zero(document: Json) -> None:
    document["openapi"] = "3.0.3"
    schema_of(document["paths"]["/3/movie/{movie_id}"]["get"])["properties"]["tagline"]["nullable"] = True


def without_version(document: Json) -> None:
    document["servers"] = [{"url": "https://api.themoviedb.org/3"}]
    document["paths"] = {path.removeprefix("/3"): item for path, item in document["paths"].items()}


def by_path(document: Json) -> None:
    """The server's address with each path."""
    without_version(document)
    for item in document["paths"].values():
        item["servers"] = document["servers"]
    del document["servers"]


def twice(document: Json) -> None:
    document["servers"] = [{"url": "https://api.themoviedb.org/3"}]


def relative(document: Json) -> None:
    without_version(document)
    document["servers"] = [{"url": "/3"}]


def nowhere(document: Json) -> None:
    without_version(document)
    document["servers"] = [{"url": "https://api.themoviedb.org"}]
    document["info"]["version"] = "3"


def chain(length: int) -> Json:
    """Schemas that refer to the next, under the names A0, A1 and so on."""
    links = {f"A{number}": {"$ref": f"#/components/schemas/A{number + 1}"} for number in range(length)}
    return {**links, f"A{length}": A}


def takes_tree(document: Json) -> None:
    document["components"] = {"schemas": {"Tree": TREE}}
    takes(query("x", {"$ref": "#/components/schemas/Tree"}))(document)


def answers_by_reference(document: Json) -> None:
    found = {"A": {"$ref": "#/components/responses/B"}, "B": answer(AWARD)["200"]}
    document["components"] = {"responses": found}
    responds({"200": {"$ref": "#/components/responses/A"}})(document)


def answers_by_kind(document: Json) -> None:
    members = [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]
    told = {"propertyName": "kind", "mapping": {"a": "A", "b": "#/nowhere"}}
    holds({"oneOf": members, "discriminator": told}, A=A, B=B)(document)


def nest(depth: int) -> Json:
    schema: Json = STRING
    for _ in range(depth):
        schema = shape(deeper=schema)
    return schema


TREE = shape(name=STRING, children={"type": "array", "items": {"$ref": "#/components/schemas/Tree"}})
NODE = shape(other={"$ref": "#/components/schemas/Edge"})
EDGE = shape(node={"$ref": "#/components/schemas/Node"}, weight={"type": "number"})
A = shape(a=INTEGER)
B = shape(b=STRING)
OF_AWARDS = "#/paths/~13~1movie~1{movie_id}~1awards/get/responses/200/content/application~1json/schema"
TREE_OF_MOVIES = shape(next={"$ref": "#/components/schemas/MovieDetails"})
RAW = {"type": "object", "properties": {"RAW_BODY": {"type": "string", "format": "json"}}}

MUTATIONS = [
    # ids
    Mutation("id in camelCase", add(identifier="movieAwards"), has=("movies.awards",)),
    Mutation("id in PascalCase", add(identifier="MovieAwards"), has=("movies.awards",)),
    Mutation("id with a slash", add(identifier="movie/awards"), has=("movies.awards",)),
    Mutation("id with spaces", add(identifier="Movie awards"), has=("movies.awards",)),
    Mutation("id with underscores", add(identifier="movie_awards"), has=("movies.awards",)),
    Mutation("id with dots", add(identifier="movie.awards.get"), has=("movies.awards_get",)),
    Mutation("id with a colon and quotes", add(identifier="movie:'aw\"ards\\'"), has=("movies.aw_ards",)),
    Mutation("id that begins with a digit", add(identifier="3d-movies"), has=("movies.n3d_movies",)),
    Mutation("id that is a keyword", add(identifier="import"), has=("movies.import_",)),
    Mutation("id that becomes a keyword", add(identifier="movie-class"), has=("movies.class_",)),
    Mutation("id that is a builtin", add(identifier="list"), has=("movies.list_",)),
    Mutation("id that is dict", add(identifier="movie-dict"), has=("movies.dict_",)),
    Mutation("id with accents", add(identifier="película-premios")),
    Mutation("id without a letter", add(identifier="🏆"), says=("has no operationId",), has=("movies.awards",)),
    Mutation("id in other letters", add(identifier="映画"), says=("has no operationId",), has=("movies.awards",)),
    Mutation("id that is empty", add(identifier=""), says=("has no operationId",), has=("movies.awards",)),
    Mutation(
        "id missing",
        add(made={key: value for key, value in operation().items() if key != "operationId"}),
        says=("has no operationId",),
        has=("movies.awards",),
    ),
    Mutation("id of 300 characters", add(identifier="movie-" + "very-" * 60 + "long")),
    Mutation("id that is a number", add(identifier=2026)),
    Mutation(
        "twin that differs in case",
        add(identifier="Movie-Details"),
        says=("this one is called",),
        has=("movies.details", "movies.awards"),
    ),
    Mutation(
        "twin that differs in spelling",
        add(identifier="movieDetails"),
        says=("this one is called",),
        has=("movies.details",),
    ),
    Mutation(
        "id of another operation",
        add(identifier="movie-details"),
        says=("also that of",),
        has=("movies.details", "movies.awards"),
    ),
    Mutation(
        "id missing on an operation that there is",
        existing("/3/movie/{movie_id}", lambda o: o.pop("operationId")),
        says=("has no operationId",),
        has=("movies.details",),
    ),
    Mutation(
        "ids missing everywhere",
        lambda d: [o.pop("operationId") for _, _, o in operations(d)],
        says=("has no operationId",),
        has=("movies.details",),
    ),
    Mutation(
        "ids in camelCase everywhere",
        lambda d: [put(o, operationId=o["operationId"].title().replace("-", "")) for _, _, o in operations(d)],
        has=("movies.details",),
    ),
    Mutation(
        "a method that another operation has",
        add("/3/person/{movie_id}/portraits", made=operation("people-images")),
        says=("people.images is person-images",),
        has=("people.images", "people.people_images"),
    ),
    Mutation(
        "a method that another operation has, before it",
        add("/3/person/popular", made={**operation("people-images"), "parameters": []}),
        says=("people.images is person-images",),
        has=("people.images", "people.people_images"),
    ),
    Mutation("id of an endpoint's module names", add(identifier="models"), has=("movies.models_operation",)),
    Mutation(
        "ids of another kind everywhere",
        lambda d: [put(o, operationId=f"get_3_{number}") for number, (_, _, o) in enumerate(operations(d))],
        says=("they keep the earlier one",),
        has=("movies.details", "people.images"),
    ),
    Mutation("id with a lone surrogate", add(identifier="movie-\ud800awards"), says=("no text can have",)),
    Mutation("id that is a template", add(identifier="movie-{{ awards }}"), has=("movies.awards",)),
    Mutation("id of quotes", add(identifier='"""'), says=("has no operationId",), has=("movies.awards",)),
    # paths
    Mutation("path with dots", add("/3/movie/{movie_id}/release.dates.json"), has=("movies.awards",)),
    Mutation(
        "path with two placeholders in a row",
        add(
            "/3/movie/{movie_id}/{kind}",
            made=operation("movie-kinds", AWARD, {"name": "kind", "in": "path", "schema": STRING}),
        ),
        has=("movies.kinds(movie_id, kind)",),
    ),
    Mutation("path with a placeholder beside a text", add("/3/movie/{movie_id}.json"), has=("movies.awards",)),
    Mutation(
        "path with two placeholders in a segment",
        add("/3/movie/{movie_id}-{slug}"),
        says=("not declared",),
        has=("movies.awards(movie_id, slug)",),
    ),
    Mutation("placeholder with a hyphen", festival("festival-id"), has=("festival.details(festival_id)",)),
    Mutation("placeholder in camelCase", festival("festivalId"), has=("festival.details(festival_id)",)),
    Mutation("placeholder that is a keyword", festival("class"), has=("festival.details(class_)",)),
    Mutation("placeholder that is a digit", festival("0")),
    Mutation(
        "placeholder that is not declared",
        add("/3/festival/{festival_id}", made={**operation("festival-details"), "parameters": []}),
        says=("not declared",),
        has=("festival.details(festival_id)",),
    ),
    Mutation("placeholder that occurs twice", add("/3/movie/{movie_id}/as/{movie_id}"), says=("not declared",)),
    Mutation("declared parameter without a placeholder", add("/3/festival"), says=("the path has no place for it",)),
    Mutation("path with a trailing slash", add("/3/movie/{movie_id}/awards/"), has=("movies.awards",)),
    Mutation("path with a space", add("/3/movie/{movie_id}/film awards"), has=("movies.awards",)),
    Mutation("path with a percent sign", add("/3/movie/{movie_id}/film%20awards"), has=("movies.awards",)),
    Mutation("path in other letters", add("/3/movie/{movie_id}/пре́мии"), has=("movies.awards",)),
    Mutation("path with a quote", add("/3/movie/{movie_id}/a'w\"ards"), has=("movies.awards",)),
    Mutation("path with a query", add("/3/movie/{movie_id}/awards?type=won"), says=("left out", "it has a query")),
    Mutation("path with a fragment", add("/3/movie/{movie_id}/awards#won"), has=("movies.awards",)),
    Mutation("path with a lone brace", add("/3/movie/{movie_id/awards"), says=("left out",)),
    Mutation("path with dots for segments", add("/3/movie/../awards"), says=("left out",)),
    Mutation(
        "path of another version",
        add("/4/movie/{movie_id}/awards"),
        says=("left out: GET /4/movie/{movie_id}/awards", "does not begin with /3/"),
    ),
    Mutation(
        "path without a version",
        add("/health", made={**operation("health"), "parameters": []}),
        says=("left out: GET /health",),
    ),
    Mutation("path of the version alone", add("/3", made={**operation("root"), "parameters": []}), has=("other.root",)),
    Mutation(
        "the same path with another placeholder",
        add("/3/movie/{id}", made={**operation("movie-again"), "parameters": []}),
        says=("left out", "the same request as"),
    ),
    Mutation("family that begins with a digit", add("/3/4k/{movie_id}", identifier="4k-details"), has=("r4k.details",)),
    Mutation(
        "family that is a keyword", add("/3/class/{movie_id}", identifier="class-details"), has=("class_api.details",)
    ),
    Mutation(
        "family with the name of something of the client",
        add("/3/images/{movie_id}", identifier="images-details"),
        has=("images_api.details",),
    ),
    Mutation(
        "family with a hyphen",
        add("/3/film-festival/{movie_id}", identifier="film-festival-details"),
        has=("film_festival.details",),
    ),
    Mutation("family that differs in case", add("/3/Movie/{movie_id}/awards"), says=(), has=("movie.awards",)),
    Mutation("family removed", remove("/3/tv"), lost=lost("/3/tv")),
    Mutation("guest sessions removed", remove("/3/guest_session"), lost=lost("/3/guest_session")),
    Mutation("people removed", remove("/3/person"), lost=lost("/3/person")),
    Mutation(
        "all but movies removed",
        remove(
            "/3/account",
            "/3/authentication",
            "/3/guest_session",
            "/3/list",
            "/3/person",
            "/3/review",
            "/3/search",
            "/3/trending",
            "/3/tv",
        ),
        lost=tuple(sorted(one for one in OPERATIONS if "/3/movie" not in one)),
    ),
    Mutation(
        "path renamed",
        rename("/3/review/{review_id}", "/3/reviews/{review_id}"),
        lost=lost("/3/review"),
        has=("reviews.details(review_id)",),
    ),
    Mutation("path item that is null", lambda d: d["paths"].update({AWARDS: None}), has=("movies.details",)),
    Mutation("path item that is empty", lambda d: d["paths"].update({AWARDS: {}})),
    Mutation("path item that is a list", lambda d: d["paths"].update({AWARDS: []}), says=("left out",)),
    Mutation("extension among the paths", lambda d: d["paths"].update({"x-groups": [{"a": 1}]})),
    Mutation(
        "path item by reference",
        lambda d: (
            d.update(components={"pathItems": {"A": {"get": operation()}}}),
            d["paths"].update({AWARDS: {"$ref": "#/components/pathItems/A"}}),
        ),
        has=("movies.awards",),
    ),
    Mutation(
        "path item by a reference that leads nowhere",
        lambda d: d["paths"].update({AWARDS: {"$ref": "#/components/pathItems/B"}}),
        says=("left out", "not in the document"),
    ),
    Mutation(
        "parameters of the path item",
        lambda d: d["paths"].update({AWARDS: {"parameters": [MOVIE_ID], "get": {**operation(), "parameters": []}}}),
        has=("movies.awards(movie_id)",),
    ),
    Mutation(
        "summary and servers of the path item",
        lambda d: d["paths"]["/3/movie/{movie_id}"].update(
            summary="x", description="y", servers=[{"url": "https://x"}], **{"x-y": 1}
        ),
    ),
    Mutation("path with a trailing slash, beside the one without", add("/3/movie/{movie_id}/"), has=("movies.awards",)),
    Mutation("path with a lone surrogate", add("/3/movie/{movie_id}/\ud800"), says=("no text can have",)),
    Mutation("path with an empty segment", add("/3//movie/{movie_id}/awards")),
    Mutation("path in the form of a web framework", add("/3/movie/:movie_id/awards"), says=("has no place for it",)),
    Mutation("placeholder with an expression", add("/3/movie/{movie_id:\\d+}/awards")),
    Mutation("path with sub-delimiters", add("/3/movie/{movie_id}/a;b=c,d!$&'()*+@"), has=("movies.awards",)),
    *[
        Mutation(
            f"family called {name}",
            add(f"/3/{name}/{{movie_id}}", identifier=f"{name}-details"),
            has=(f"{name}_api.details",),
        )
        for name in ("self", "for_user", "write_many", "v4", "datetime", "async")
    ],
    Mutation("family with a name of 400 letters", add(f"/3/{'a' * 400}/{{movie_id}}")),
    Mutation("family below the place of an id", add("/3/{movie_id}"), has=("other.movie_awards",)),
    # methods
    Mutation(
        "HEAD",
        add(method="head", made={**operation("movie-awards-head"), "responses": {"200": {"description": ""}}}),
        has=("movies.awards_head",),
    ),
    Mutation("PUT with a body", sends(shape(year=INTEGER), method="put"), has=("movies.award_add(movie_id, year)",)),
    Mutation(
        "PATCH with a body", sends(shape(year=INTEGER), method="patch"), has=("movies.award_add(movie_id, year)",)
    ),
    Mutation(
        "DELETE with a body", sends(shape(year=INTEGER), method="delete"), has=("movies.award_add(movie_id, year)",)
    ),
    Mutation("OPTIONS", add(method="options", made={**operation("movie-awards-options")})),
    Mutation("TRACE", add(method="trace", made={**operation("movie-awards-trace")})),
    Mutation("method in capitals", add(method="GET"), has=("movies.awards",)),
    Mutation(
        "method that nobody knows",
        lambda d: d["paths"]["/3/movie/{movie_id}"].update(query=operation("movie-query")),
        says=("left out: QUERY",),
    ),
    Mutation(
        "GET and POST on one path",
        lambda d: (add()(d), sends(shape(year=INTEGER))(d)),
        has=("movies.awards", "movies.award_add"),
    ),
    Mutation("operation that is null", lambda d: d["paths"].update({AWARDS: {"get": None}})),
    Mutation("deprecated operation", add(deprecated=True), has=("movies.awards",)),
    Mutation(
        "deprecated operation that there is", existing("/3/review/{review_id}", lambda o: put(o, deprecated=True))
    ),
    Mutation(
        "callbacks, links, tags, security",
        add(
            callbacks={"x": {"{$request.body#/url}": {"post": {}}}},
            tags=["a"],
            security=[{"sec0": []}],
            **{"x-readme": {}},
        ),
    ),
    # parameters
    *[
        Mutation(f"parameter called {name!r}", takes(query(name)), has=("movies.awards",))
        for name in (
            "cls",
            "self",
            "client",
            "body",
            "kwargs",
            "from",
            "import",
            "class",
            "endpoint",
            "arguments",
            "append",
            "data",
            "list",
            "url",
            "datetime",
            "json",
            "params",
            "None",
            "3d",
            "with-genres",
            "filter[year]",
            "a b",
            "año",
            "_x",
            "__class__",
            "🎬",
            "$top",
            "x'y\"z",
            "x\\y",
            "vote.gte",
            "arguments_",
            "str",
        )
    ],
    Mutation("parameters that differ in case", takes(query("region"), query("Region")), has=("movies.awards",)),
    Mutation(
        "parameters that differ in spelling",
        takes(query("with-genres"), query("with_genres"), query("withGenres"), query("with.genres")),
    ),
    Mutation(
        "parameter in the path and in the query",
        takes(query("movie_id", INTEGER)),
        has=("movies.awards(movie_id, movie_id_query)",),
    ),
    Mutation(
        "header parameter",
        takes({"name": "X-Region", "in": "header", "schema": STRING}),
        has=("movies.awards(movie_id, x_region)",),
    ),
    Mutation(
        "required header parameter",
        takes({"name": "X-Region", "in": "header", "required": True, "schema": STRING}),
        has=("movies.awards(movie_id, x_region)",),
    ),
    Mutation("integer header parameter", takes({"name": "X-Number", "in": "header", "schema": INTEGER})),
    Mutation(
        "cookie parameter",
        takes({"name": "sid", "in": "cookie", "schema": STRING}),
        has=("movies.awards(movie_id, sid)",),
    ),
    Mutation(
        "header, cookie and query of one name",
        takes(
            {"name": "sid", "in": "cookie", "schema": STRING},
            {"name": "sid", "in": "header", "schema": STRING},
            query("sid"),
        ),
    ),
    Mutation(
        "headers that are the client's",
        takes(
            {"name": "Accept", "in": "header", "schema": STRING},
            {"name": "Authorization", "in": "header", "schema": STRING},
            {"name": "content-type", "in": "header", "required": True, "schema": STRING},
        ),
        has=("movies.awards(movie_id)",),
    ),
    Mutation(
        "parameter by reference",
        lambda d: (
            d.update(components={"parameters": {"L": query("language")}}),
            takes({"$ref": "#/components/parameters/L"})(d),
        ),
        has=("movies.awards(movie_id, language)",),
    ),
    Mutation(
        "parameter by a reference that leads nowhere",
        takes({"$ref": "#/components/parameters/N"}),
        says=("not in the document",),
        has=("movies.awards(movie_id)",),
    ),
    Mutation(
        "parameter's schema by reference",
        lambda d: (
            d.update(components={"schemas": {"L": STRING}}),
            takes(query("language", {"$ref": "#/components/schemas/L"}))(d),
        ),
    ),
    Mutation(
        "parameter with content in place of a schema",
        takes({"name": "filter", "in": "query", "content": {"application/json": {"schema": A}}}),
        says=("sent as a text",),
    ),
    Mutation("parameter that is an object", takes(query("filter", A, style="deepObject")), says=("is an object",)),
    Mutation(
        "parameter that is a list",
        takes(query("ids", {"type": "array", "items": INTEGER}, explode=False)),
        has=("movies.awards(movie_id, ids)",),
    ),
    Mutation("parameter that is a list of nothing known", takes(query("ids", {"type": "array"}))),
    Mutation(
        "parameter that is a list of an enumeration",
        takes(query("kinds", {"type": "array", "items": {"type": "string", "enum": ["won", "lost"]}})),
    ),
    Mutation("parameter of no schema", takes({"name": "x", "in": "query"})),
    Mutation("parameter of several types", takes(query("x", {"type": ["string", "integer"]}))),
    Mutation("parameter of one of two types", takes(query("x", {"oneOf": [STRING, INTEGER]}))),
    Mutation("parameter that may be null", takes(query("x", {"type": ["string", "null"]}))),
    Mutation("parameter with anyOf null", takes(query("x", {"anyOf": [STRING, {"type": "null"}]}))),
    Mutation("parameter with a const", takes(query("x", {"const": "won"}))),
    Mutation("enumeration of booleans", takes(query("x", {"type": "boolean", "enum": [True, False]}))),
    Mutation("enumeration of integers", takes(query("x", {"type": "integer", "enum": [1, 2, 3]}))),
    Mutation("enumeration of integers as texts", takes(query("x", {"type": "integer", "enum": ["1", "2"]}))),
    Mutation("enumeration of numbers", takes(query("x", {"type": "number", "enum": [0.5, 1]}))),
    Mutation("enumeration with null", takes(query("x", {"type": "string", "enum": ["a", None, ""]}))),
    Mutation("enumeration of nothing", takes(query("x", {"type": "string", "enum": []}))),
    Mutation("enumeration of one", takes(query("x", {"type": "string", "enum": ["a"]}))),
    Mutation("enumeration without a type", takes(query("x", {"enum": ["a", "b"]}))),
    Mutation(
        "enumeration of odd texts",
        takes(query("x", {"type": "string", "enum": ["a'b", 'c"d', "e\\f", "g\nh", "{i}", "é", "A'b"]})),
    ),
    Mutation(
        "enumeration of a text with the values of booleans",
        takes(query("x", {"type": "string", "enum": [True, False]})),
    ),
    Mutation(
        "enumeration in the path",
        takes(
            {"name": "kind", "in": "path", "schema": {"type": "string", "enum": ["a", "b"]}},
            path="/3/movie/{movie_id}/{kind}",
        ),
    ),
    Mutation(
        "boolean in the path",
        takes({"name": "kind", "in": "path", "schema": {"type": "boolean"}}, path="/3/movie/{movie_id}/{kind}"),
    ),
    Mutation(
        "number in the path",
        takes({"name": "kind", "in": "path", "schema": {"type": "number"}}, path="/3/movie/{movie_id}/{kind}"),
    ),
    Mutation(
        "date in the path",
        takes(
            {"name": "day", "in": "path", "schema": {"type": "string", "format": "date"}},
            path="/3/movie/{movie_id}/{day}",
        ),
    ),
    Mutation(
        "list in the path",
        takes(
            {"name": "ids", "in": "path", "schema": {"type": "array", "items": INTEGER}},
            path="/3/movie/{movie_id}/{ids}",
        ),
    ),
    Mutation(
        "optional parameter in the path",
        takes({"name": "kind", "in": "path", "required": False, "schema": STRING}, path="/3/movie/{movie_id}/{kind}"),
    ),
    Mutation("parameter declared twice", takes(query("x"), query("x", INTEGER))),
    Mutation("parameter without a place", takes({"name": "x", "schema": STRING})),
    Mutation("parameter without a name", takes({"in": "query", "schema": STRING}), says=("without a name",)),
    Mutation("parameter of a form", takes({"name": "x", "in": "formData", "type": "string"}), says=("left out",)),
    Mutation("parameter that is null", takes(None)),
    Mutation("parameters that are null", add(parameters=None), says=()),
    Mutation(
        "default of another type",
        takes(
            query("x", {"type": "integer", "default": "many"}), query("y", {"type": "string", "default": {"a": [1]}})
        ),
    ),
    Mutation("limits as texts", takes(query("x", {"type": "integer", "minimum": "1", "maximum": None}))),
    Mutation("page with a maximum as a text", takes(query("page", {"type": "integer", "maximum": "500"}))),
    Mutation("deprecated parameter", takes(query("x", deprecated=True))),
    Mutation("required query parameter", takes(query("x", required=True)), has=("movies.awards(movie_id, x)",)),
    Mutation(
        "append_to_response on something without sub-resources",
        add(
            "/3/award/{movie_id}",
            identifier="award-details",
            made=operation("award-details", AWARD, query("append_to_response")),
        ),
        has=("award.details",),
    ),
    Mutation("append_to_response on a list", takes(query("append_to_response"))),
    Mutation(
        "session on an operation that had none",
        existing("/3/review/{review_id}", lambda o: o["parameters"].append(query("session_id"))),
    ),
    Mutation(
        "API key everywhere",
        lambda d: [o["parameters"].append(query("api_key", required=True)) for _, _, o in operations(d)],
        has=("movies.credits(movie_id, language)",),
    ),
    Mutation(
        "session required everywhere",
        lambda d: [o["parameters"].append(query("session_id", required=True)) for _, _, o in operations(d)],
        has=("movies.credits(movie_id, language)",),
    ),
    Mutation(
        "headers of the connection",
        takes(*({"name": name, "in": "header", "schema": STRING} for name in ("Host", "Cookie", "Content-Length"))),
        has=("movies.awards(movie_id)",),
    ),
    Mutation(
        "header that no header can be called",
        takes({"name": "X Région", "in": "header", "schema": STRING}),
        says=("no header can have that name",),
        has=("movies.awards(movie_id)",),
    ),
    Mutation(
        "cookie that no cookie can be called",
        takes({"name": "a;b", "in": "cookie", "schema": STRING}),
        says=("no cookie can have that name",),
        has=("movies.awards(movie_id)",),
    ),
    Mutation("parameter with a null character", takes(query("a\0b")), says=("no text can have",)),
    Mutation(
        "limits that are infinite",
        takes(
            query("page", {"type": "integer", "maximum": float("inf")}),
            query("x", {"minimum": -1e400, "type": "integer"}),
        ),
    ),
    Mutation("limits beyond any number", takes(query("page", {"type": "integer", "maximum": 10**400}))),
    Mutation(
        "limit that is no number",
        holds({"type": "integer", "minimum": float("nan"), "maximum": float("nan")}),
    ),
    Mutation(
        "parameter of OpenAPI 3.2's query string",
        takes({"name": "x", "in": "querystring", "content": {"application/x-www-form-urlencoded": {"schema": A}}}),
        says=("is in 'querystring'",),
    ),
    Mutation("parameter that contains itself", takes_tree),
    Mutation("list joined with pipes", takes(query("ids", {"type": "array", "items": INTEGER}, style="pipeDelimited"))),
    Mutation(
        "append_to_response as a list",
        existing(
            "/3/movie/{movie_id}",
            lambda o: [
                put(p, schema={"type": "array", "items": {"type": "string", "enum": ["credits"]}})
                for p in o["parameters"]
                if p["name"] == "append_to_response"
            ],
        ),
        has=("movies.details",),
    ),
    Mutation(
        "page as a text everywhere",
        lambda d: [put(p, schema=STRING) for _, _, o in operations(d) for p in o["parameters"] if p["name"] == "page"],
    ),
    Mutation("enumeration of 5,000", takes(query("x", {"type": "string", "enum": [f"v{n}" for n in range(5000)]}))),
    Mutation("enumeration that differs in case", takes(query("x", {"type": "string", "enum": ["Day", "day", " day"]}))),
    # schemas
    Mutation("list of nothing known", answers(shape(results={"type": "array"})), says=("MovieAwards.results",)),
    Mutation("list of nothing known, the answer itself", answers({"type": "array"}), says=("movie-awards",)),
    Mutation(
        "list of nothing known, of an operation that there is",
        existing("/3/review/{review_id}", lambda o: schema_of(o)["properties"].update(reactions={"type": "array"})),
        says=("Review.reactions",),
    ),
    Mutation("list in a list of nothing known", holds({"type": "array", "items": {"type": "array"}})),
    Mutation("list of the empty schema", holds({"type": "array", "items": {}})),
    Mutation("list of true", holds({"type": "array", "items": True})),
    Mutation("object of nothing known", holds({"type": "object"})),
    Mutation("object with no properties", holds({"type": "object", "properties": {}})),
    Mutation("property of no schema", holds({}), says=("MovieAwards.thing",)),
    Mutation("property that is true", holds(True), says=("MovieAwards.thing",)),
    Mutation("property that is false", holds(False), says=("movie-awards.thing",)),
    Mutation("property that is null", holds(None), says=("MovieAwards.thing",)),
    Mutation("property of type null", holds({"type": "null"}), says=("MovieAwards.thing",)),
    Mutation("property that is a text", holds("string"), says=("movie-awards.thing",)),
    Mutation("properties that are a list", holds({"type": "object", "properties": []})),
    Mutation("unknown type", holds({"type": "money"}), says=("'money'",)),
    Mutation("type in capitals", holds({"type": "String"})),
    Mutation("type of another language", holds({"type": "int"})),
    Mutation("type file", holds({"type": "file"}), says=("'file'",)),
    Mutation("types of several kinds", holds({"type": ["string", "integer"]})),
    Mutation("types of a list and null", holds({"type": ["array", "null"], "items": A})),
    Mutation("types of an object and null", holds({"type": ["object", "null"], "properties": {"a": INTEGER}})),
    Mutation("types of an object and a boolean", holds({"type": ["object", "boolean"], "properties": {"a": INTEGER}})),
    Mutation(
        "types of a list and a text", holds({"type": ["array", "string"], "items": A}), says=("movie-awards.thing",)
    ),
    Mutation("no type but properties", holds({"properties": {"a": INTEGER}})),
    Mutation("no type but items", holds({"items": A})),
    Mutation("no type but an enumeration", holds({"enum": ["a", "b"]})),
    Mutation("no type but a format", holds({"format": "date"})),
    Mutation("const", holds({"const": "movie"})),
    Mutation("const of an object", holds({"const": {"a": 1}})),
    Mutation("enumeration of booleans in an answer", holds({"type": "boolean", "enum": [True]})),
    Mutation("enumeration of integers in an answer", holds({"type": "integer", "enum": [1, 2]})),
    Mutation("enumeration of texts in an answer", holds({"type": "string", "enum": ["a", "b"]})),
    Mutation("format that nobody knows", holds({"type": "string", "format": "duration"})),
    Mutation("allOf of two objects", answers({"allOf": [A, B]}), has=("movies.awards",)),
    Mutation("allOf of a reference and an object", answers({"allOf": [{"$ref": "#/components/schemas/A"}, B]}, A=A)),
    Mutation("allOf of one", holds({"allOf": [{"$ref": "#/components/schemas/A"}], "description": "x"}, A=A)),
    Mutation("allOf that contradicts itself", holds({"allOf": [STRING, A]}), says=("movie-awards.thing",)),
    Mutation("allOf of nothing", holds({"allOf": []})),
    Mutation("allOf beside properties", answers({**A, "allOf": [B]})),
    Mutation("allOf nested", answers({"allOf": [{"allOf": [A, {"anyOf": [B, {"type": "null"}]}]}]})),
    Mutation("oneOf with null", holds({"oneOf": [A, {"type": "null"}]})),
    Mutation("oneOf of two objects", holds({"oneOf": [A, B]})),
    Mutation("oneOf of two objects, the answer itself", answers({"oneOf": [A, B]})),
    Mutation(
        "oneOf with a discriminator",
        holds(
            {
                "oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}],
                "discriminator": {"propertyName": "kind"},
            },
            A=A,
            B=B,
        ),
    ),
    Mutation("oneOf of an object and false", holds({"oneOf": [A, {"type": "boolean"}]})),
    Mutation(
        "oneOf of a list and an object",
        holds({"oneOf": [{"type": "array", "items": A}, B]}),
        says=("movie-awards.thing",),
    ),
    Mutation("oneOf of an object and nothing known", holds({"oneOf": [A, {}]}), says=("movie-awards.thing",)),
    Mutation("anyOf of plain types", holds({"anyOf": [INTEGER, STRING, {"type": "null"}]})),
    Mutation("anyOf of an integer and a number", holds({"anyOf": [INTEGER, {"type": "number"}]})),
    Mutation("anyOf of plain types, the answer itself", answers({"anyOf": [INTEGER, STRING]}), says=("movie-awards",)),
    Mutation("anyOf of dates", holds({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]})),
    Mutation("not, if, then, else", holds({"type": "string", "not": {"const": "x"}, "if": {}, "then": {}, "else": {}})),
    Mutation(
        "schema by reference", answers({"$ref": "#/components/schemas/Awards"}, Awards=AWARD), has=("movies.awards",)
    ),
    Mutation(
        "schema by reference with a slash and a tilde",
        answers({"$ref": "#/components/schemas/a~1b~0c%20d"}, **{"a/b~c d": AWARD}),
    ),
    Mutation(
        "schema by reference to a path",
        answers({"$ref": "#/paths/~13~1review~1{review_id}/get/responses/200/content/application~1json/schema"}),
    ),
    Mutation(
        "schema by a reference with siblings",
        answers({"$ref": "#/components/schemas/A", "description": "x", "properties": {"b": STRING}}, A=A),
    ),
    Mutation(
        "reference that leads nowhere", holds({"$ref": "#/components/schemas/Nowhere"}), says=("not in the document",)
    ),
    Mutation("reference to another file", holds({"$ref": "./movie.yaml#/Movie"}), says=("not in the document",)),
    Mutation(
        "reference to an address", holds({"$ref": "https://example.org/movie.json"}), says=("not in the document",)
    ),
    Mutation(
        "reference to itself",
        holds({"$ref": "#/components/schemas/A"}, A={"$ref": "#/components/schemas/A"}),
        says=("itself",),
    ),
    Mutation(
        "references in a circle",
        holds(
            {"$ref": "#/components/schemas/A"},
            A={"$ref": "#/components/schemas/B"},
            B={"$ref": "#/components/schemas/A"},
        ),
        says=("itself",),
    ),
    Mutation(
        "schema that contains itself", answers({"$ref": "#/components/schemas/Tree"}, Tree=TREE), has=("movies.awards",)
    ),
    Mutation("schemas that contain each other", answers({"$ref": "#/components/schemas/Node"}, Node=NODE, Edge=EDGE)),
    Mutation("schema that contains itself, as a property", holds({"$ref": "#/components/schemas/Tree"}, Tree=TREE)),
    Mutation(
        "list that contains itself",
        holds({"$ref": "#/components/schemas/L"}, L={"type": "array", "items": {"$ref": "#/components/schemas/L"}}),
        says=("contains itself",),
    ),
    Mutation(
        "map that contains itself",
        holds(
            {"$ref": "#/components/schemas/M"},
            M={"type": "object", "additionalProperties": {"$ref": "#/components/schemas/M"}},
        ),
        says=("contains itself",),
    ),
    Mutation(
        "allOf that contains itself",
        answers({"$ref": "#/components/schemas/T"}, T={"allOf": [A, shape(next={"$ref": "#/components/schemas/T"})]}),
    ),
    Mutation(
        "property called $ref",
        answers(
            shape(
                **{"$ref": STRING, "type": STRING, "properties": A, "items": INTEGER, "enum": STRING, "allOf": STRING}
            )
        ),
    ),
    Mutation("everything by reference", by_reference),
    Mutation("map of texts", holds({"type": "object", "additionalProperties": STRING})),
    Mutation("map of objects", holds({"type": "object", "additionalProperties": A})),
    Mutation(
        "map of lists of objects", holds({"type": "object", "additionalProperties": {"type": "array", "items": A}})
    ),
    Mutation(
        "map of maps of objects",
        holds({"type": "object", "additionalProperties": {"type": "object", "additionalProperties": A}}),
        says=("left untyped",),
    ),
    Mutation("map of anything", holds({"type": "object", "additionalProperties": True})),
    Mutation("map of dates", holds({"type": "object", "additionalProperties": {"type": "string", "format": "date"}})),
    Mutation("map, the answer itself", answers({"type": "object", "additionalProperties": A})),
    Mutation(
        "map of lists, the answer itself",
        answers({"type": "object", "additionalProperties": {"type": "array", "items": A}}),
    ),
    Mutation("map of texts, the answer itself", answers({"type": "object", "additionalProperties": STRING})),
    Mutation("map by patterns", holds({"type": "object", "patternProperties": {"^[a-z]{2}$": A}})),
    Mutation("object with more than its properties", answers({**A, "additionalProperties": True})),
    Mutation("object with nothing but its properties", answers({**A, "additionalProperties": False})),
    Mutation(
        "list of lists of objects",
        holds({"type": "array", "items": {"type": "array", "items": A}}),
        says=("left untyped",),
    ),
    Mutation("list of lists of integers", holds({"type": "array", "items": {"type": "array", "items": INTEGER}})),
    Mutation(
        "list of maps of objects",
        holds({"type": "array", "items": {"type": "object", "additionalProperties": A}}),
        says=("left untyped",),
    ),
    Mutation("list of dates", holds({"type": "array", "items": {"type": "string", "format": "date"}})),
    Mutation("list of one of two objects", holds({"type": "array", "items": {"oneOf": [A, B]}})),
    Mutation("list of objects and texts", holds({"type": "array", "items": {"oneOf": [A, STRING]}})),
    Mutation("tuple", holds({"type": "array", "prefixItems": [INTEGER, {"type": "number"}]})),
    Mutation("tuple of old", holds({"type": "array", "items": [A, B]})),
    Mutation("objects in each other, 30 deep", holds(nest(30))),
    Mutation("objects in each other, 60 deep", holds(nest(60)), says=("inside each other",)),
    *[
        Mutation(f"property called {name!r}", answers(shape(**{name: INTEGER, "plain": STRING})))
        for name in (
            "class",
            "from_dict",
            "to_dict",
            "additional_properties",
            "additional_keys",
            "self",
            "str",
            "list",
            "dict",
            "datetime",
            "int",
            "None",
            "3d",
            "with-hyphen",
            "a b",
            "",
            "_id",
            "__class__",
            "_fill",
            "_decode",
            "_source",
            "🎬",
            "x'y\"z",
            "x\\y",
            "get",
            "items",
            "keys",
            "from",
            "mro",
            "a/b",
            "名",
            "Model",
            "Any",
        )
    ],
    Mutation(
        "properties that differ in spelling",
        answers(
            shape(
                **{
                    "posterPath": STRING,
                    "poster_path": STRING,
                    "poster-path": STRING,
                    "PosterPath": STRING,
                    "poster_path_2": INTEGER,
                }
            )
        ),
    ),
    Mutation(
        "model with the name of another",
        add("/3/status", made={**operation("status"), "parameters": []}),
        has=("status.status",),
    ),
    Mutation(
        "model with the name of something that modules import",
        add("/3/any", made={**operation("any"), "parameters": []}),
    ),
    Mutation(
        "model with the name of a model of ours",
        add("/3/movie/{movie_id}/summary", identifier="movie-summary", schema=shape(text=STRING)),
        has=("movies.summary",),
    ),
    Mutation(
        "models that differ in case",
        lambda d: (
            add(identifier="tv-show", path="/3/a/{movie_id}")(d),
            add(identifier="tvshow", path="/3/b/{movie_id}")(d),
        ),
    ),
    Mutation(
        "sub-resource with the name of a property",
        add(
            "/3/tv/{series_id}/seasons",
            made={**operation("tv-series-seasons"), "parameters": [{**MOVIE_ID, "name": "series_id"}]},
        ),
        says=("appending it is left out",),
        has=("tv_series.seasons(series_id)",),
    ),
    Mutation(
        "sub-resource with a hyphen",
        add("/3/movie/{movie_id}/box-office", identifier="movie-box-office"),
        has=("movies.box_office",),
    ),
    Mutation(
        "sub-resource that answers nothing",
        add("/3/movie/{movie_id}/ping", made={**operation("movie-ping"), "responses": {"204": {"description": ""}}}),
        has=("movies.ping",),
    ),
    Mutation(
        "sub-resource that answers a list",
        add("/3/movie/{movie_id}/variants", identifier="movie-variants", schema={"type": "array", "items": STRING}),
    ),
    Mutation(
        "type of a property changed",
        existing("/3/movie/{movie_id}", lambda o: schema_of(o)["properties"].update(budget=STRING)),
    ),
    Mutation(
        "object that became a list",
        existing(
            "/3/movie/{movie_id}",
            lambda o: schema_of(o)["properties"].update(belongs_to_collection={"type": "array", "items": A}),
        ),
    ),
    Mutation(
        "list that became an object",
        existing("/3/movie/{movie_id}", lambda o: schema_of(o)["properties"].update(genres=A)),
    ),
    Mutation("property removed", existing("/3/movie/{movie_id}", lambda o: schema_of(o)["properties"].pop("title"))),
    Mutation("all properties removed", existing("/3/movie/{movie_id}", lambda o: schema_of(o)["properties"].clear())),
    Mutation(
        "answer that became a list",
        existing("/3/movie/{movie_id}", lambda o: put(o, responses=answer({"type": "array", "items": A}))),
    ),
    Mutation(
        "answer that became nothing known",
        existing("/3/movie/{movie_id}", lambda o: put(o, responses=answer({}))),
        says=("movie-details",),
    ),
    Mutation("answer that became a text", existing("/3/movie/{movie_id}", lambda o: put(o, responses=answer(STRING)))),
    Mutation(
        "answer that became a map",
        existing(
            "/3/movie/{movie_id}",
            lambda o: put(o, responses=answer({"type": "object", "additionalProperties": STRING})),
        ),
    ),
    Mutation(
        "oneOf that says what is required",
        answers({**shape(a=INTEGER, b=STRING), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
    ),
    Mutation("if and then", answers({**A, "if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["a"]}})),
    Mutation("object with more properties of a type", answers({**A, "additionalProperties": B})),
    Mutation("references one after another, 60 of them", holds({"$ref": "#/components/schemas/A0"}, **chain(60))),
    Mutation(
        "reference by an anchor", holds({"$ref": "#Award"}, A={**A, "$anchor": "Award"}), says=("not in the document",)
    ),
    Mutation("reference that is no text", holds({"$ref": 5})),
    Mutation("schema of one's own path", answers(shape(me={"$ref": OF_AWARDS})), has=("movies.awards",)),
    Mutation(
        "schema that contains itself with the name of a model of ours",
        answers({"$ref": "#/components/schemas/MovieDetails"}, MovieDetails=TREE_OF_MOVIES),
    ),
    Mutation("properties that are numbers", answers(shape(**{"28": A, "12": A, "16": A}))),
    Mutation("properties that differ in case", answers(shape(id=INTEGER, ID=INTEGER, Id=STRING))),
    Mutation("object of 2,000 properties", answers(shape(**{f"p{number}": INTEGER for number in range(2000)}))),
    Mutation("property with a lone surrogate", answers(shape(**{"\ud800x": INTEGER})), says=("no text can have",)),
    Mutation("discriminator with names in place of addresses", answers_by_kind, has=("movies.awards",)),
    *[
        Mutation(f"{key} that is {value!r}", holds({"type": kind, key: value}))
        for key, kind in (("properties", "object"), ("items", "array"), ("enum", "string"), ("allOf", "object"))
        for value in (None, 5, "x")
    ],
    Mutation(
        "every answer inside another",
        lambda d: [put(o, responses=answer(shape(data=schema_of(o)))) for _, _, o in operations(d)],
    ),
    # responses
    Mutation("answer 201", responds({"201": answer(AWARD)["200"]}), has=("movies.awards",)),
    Mutation("answer 202", responds({"202": answer(AWARD)["200"]}), has=("movies.awards",)),
    Mutation("answer 204", responds({"204": {"description": ""}}), has=("movies.awards",)),
    Mutation("answer 204 to DELETE", responds({"204": {"description": ""}}, "delete"), has=("movies.awards",)),
    Mutation(
        "answer 204 to an operation that there is",
        existing("/3/movie/{movie_id}/rating", lambda o: put(o, responses={"204": {"description": "x"}}), "delete"),
    ),
    Mutation("answer 200 or 204", responds({**answer(AWARD), "204": {"description": ""}})),
    Mutation("answer 2XX", responds({"2XX": answer(AWARD)["200"]})),
    Mutation("answer default", responds({"default": answer(AWARD)["200"]})),
    Mutation("answer 302 alone", responds({"302": {"description": ""}}), says=("movie-awards",)),
    Mutation("answers with numbers for codes", responds({200: answer(AWARD)["200"]})),
    Mutation("no answers", responds({}), says=("movie-awards",)),
    Mutation("answers that are null", responds(None), says=("movie-awards",)),
    Mutation(
        "no answers at all",
        add(made={key: value for key, value in operation().items() if key != "responses"}),
        says=("movie-awards",),
    ),
    Mutation("answer without content", responds({"200": {"description": ""}}), says=("movie-awards",)),
    Mutation(
        "answer without a schema", responds({"200": {"content": {"application/json": {}}}}), says=("movie-awards",)
    ),
    Mutation(
        "answer without a schema and with an example",
        responds({"200": {"content": {"application/json": {"examples": {"a": {"value": '{"id": 1}'}}}}}}),
    ),
    Mutation("answer of another kind of JSON", responds(answer(AWARD, "application/vnd.tmdb.v3+json"))),
    Mutation(
        "answer with a charset", responds(answer(AWARD, "application/json; charset=utf-8")), has=("movies.awards",)
    ),
    Mutation("answer in capitals", responds(answer(AWARD, "Application/JSON"))),
    Mutation("answer of any kind", responds(answer(AWARD, "*/*")), has=("movies.awards",)),
    Mutation("answer of a text", responds(answer(STRING, "text/plain")), says=("text/plain",)),
    Mutation("answer of a text that is an object", responds(answer(AWARD, "text/plain")), says=("text/plain",)),
    Mutation(
        "answer of an image", responds(answer({"type": "string", "format": "binary"}, "image/png")), says=("image/png",)
    ),
    Mutation(
        "answer of XML and of JSON",
        responds({"200": {"content": {"application/xml": {"schema": STRING}, "application/json": {"schema": AWARD}}}}),
    ),
    Mutation(
        "answer by reference",
        lambda d: (
            d.update(components={"responses": {"A": answer(AWARD)["200"]}}),
            responds({"200": {"$ref": "#/components/responses/A"}})(d),
        ),
        has=("movies.awards",),
    ),
    Mutation(
        "answer by a reference that leads nowhere",
        responds({"200": {"$ref": "#/components/responses/B"}}),
        says=("not in the document",),
    ),
    Mutation("answer that is a list of objects", answers({"type": "array", "items": A})),
    Mutation("answer that is a list of integers", answers({"type": "array", "items": INTEGER})),
    Mutation(
        "answer that is a list of dates", answers({"type": "array", "items": {"type": "string", "format": "date"}})
    ),
    Mutation("answer that is a text", answers(STRING)),
    Mutation("answer that is an integer", answers(INTEGER)),
    Mutation("answer that is a boolean", answers({"type": "boolean"})),
    Mutation("answer that is a number", answers({"type": "number"})),
    Mutation("answer that is a date", answers({"type": "string", "format": "date"})),
    Mutation("answer that is null", answers({"type": "null"})),
    Mutation("answer that is an object and null", answers({"anyOf": [A, {"type": "null"}]})),
    Mutation("answer that is true", answers(True), says=("movie-awards",)),
    Mutation("answer that is true or an object", answers({"oneOf": [A, {"type": "boolean"}]})),
    Mutation(
        "errors documented",
        responds({**answer(AWARD), "401": answer(shape(code=INTEGER))["200"], "default": {"description": ""}}),
    ),
    Mutation("answer '200 OK'", responds({"200 OK": answer(AWARD)["200"]}), has=("movies.awards",)),
    Mutation("answer 206", responds({"206": answer(AWARD)["200"]}), has=("movies.awards",)),
    Mutation("answer by a reference to a reference", answers_by_reference, has=("movies.awards",)),
    Mutation(
        "answer a line at a time",
        responds({"200": {"content": {"application/jsonl": {"itemSchema": A}}}}),
        says=("application/jsonl",),
    ),
    Mutation("answers that are a list", responds([]), says=("movie-awards",)),
    Mutation("every answer 204", lambda d: [put(o, responses={"204": {}}) for _, _, o in operations(d)]),
    # bodies
    Mutation(
        "body of an object",
        sends(shape(year=INTEGER, festival=STRING)),
        has=("movies.award_add(movie_id, festival, year)",),
    ),
    Mutation(
        "body with its own required",
        sends({**shape(year=INTEGER, festival=STRING), "required": ["year"]}),
        has=("movies.award_add(movie_id, year, festival)",),
    ),
    Mutation(
        "body in place of RAW_BODY",
        existing(
            "/3/movie/{movie_id}/rating",
            lambda o: put(
                o,
                requestBody={
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {**shape(value={"type": "number"}, comment=STRING), "required": ["value"]}
                        }
                    },
                },
            ),
            "post",
        ),
        has=("movies.add_rating",),
    ),
    Mutation(
        "RAW_BODY with an example",
        sends(RAW, examples={"r": {"value": '{"year": 1, "tags": []}'}}),
        has=("movies.award_add(movie_id, tags, year)",),
    ),
    Mutation(
        "RAW_BODY with several examples",
        sends(RAW, examples={"a": {"value": {"year": 1}}, "b": {"value": {"name": "x"}}}),
    ),
    Mutation("RAW_BODY without an example", sends(RAW), says=("nothing is known of its body",)),
    Mutation(
        "RAW_BODY without an example, of an operation that there is",
        existing(
            "/3/movie/{movie_id}/rating",
            lambda o: put(o, requestBody={"content": {"application/json": {"schema": RAW}}}),
            "post",
        ),
        says=("movie-add-rating: nothing is known of its body",),
    ),
    Mutation(
        "RAW_BODY with an example that is no JSON",
        sends(RAW, examples={"r": {"value": "{year: 1"}}),
        says=("nothing is known of its body",),
    ),
    Mutation(
        "body of no schema",
        add(method="post", made=operation("movie-award-add", requestBody={"content": {"application/json": {}}})),
        says=("nothing is known of its body",),
    ),
    Mutation("body of an empty object", sends({"type": "object"}), says=("nothing is known of its body",)),
    Mutation(
        "body of a map",
        sends({"type": "object", "additionalProperties": STRING}),
        says=("nothing is known of its body",),
    ),
    Mutation("body of a list", sends({"type": "array", "items": A}), says=("left out: POST", "no object")),
    Mutation(
        "body of a form",
        sends(A, "application/x-www-form-urlencoded"),
        says=("left out: POST", "application/x-www-form-urlencoded"),
    ),
    Mutation(
        "body of a form or of JSON",
        add(
            method="post",
            made=operation(
                "movie-award-add",
                requestBody={"content": {"multipart/form-data": {"schema": B}, "application/json": {"schema": A}}},
            ),
        ),
        has=("movies.award_add(movie_id, a)",),
    ),
    Mutation("body with a charset", sends(A, "application/json;charset=utf-8"), has=("movies.award_add(movie_id, a)",)),
    Mutation("body of any kind", sends(A, "*/*"), has=("movies.award_add(movie_id, a)",)),
    Mutation(
        "body by reference",
        lambda d: (
            d.update(components={"requestBodies": {"R": {"content": {"application/json": {"schema": A}}}}}),
            add(method="post", made=operation("movie-award-add", requestBody={"$ref": "#/components/requestBodies/R"}))(
                d
            ),
        ),
        has=("movies.award_add(movie_id, a)",),
    ),
    Mutation(
        "body by a reference that leads nowhere",
        add(method="post", made=operation("movie-award-add", requestBody={"$ref": "#/components/requestBodies/N"})),
        says=("not in the document",),
    ),
    Mutation(
        "body's schema by reference",
        lambda d: (d.update(components={"schemas": {"R": A}}), sends({"$ref": "#/components/schemas/R"})(d)),
        has=("movies.award_add(movie_id, a)",),
    ),
    Mutation(
        "body that contains itself",
        lambda d: (d.update(components={"schemas": {"Tree": TREE}}), sends({"$ref": "#/components/schemas/Tree"})(d)),
        has=("movies.award_add",),
    ),
    Mutation(
        "body of one of two objects",
        sends({"oneOf": [{**A, "required": ["a"]}, B]}),
        has=("movies.award_add(movie_id, a, b)",),
    ),
    Mutation("body with an object in it", sends(shape(award=A))),
    Mutation("body with a list of objects in it", sends(shape(awards={"type": "array", "items": A}))),
    Mutation("body with an enumeration", sends(shape(kind={"type": "string", "enum": ["won", "lost"]}))),
    Mutation("body with dates", sends(shape(day={"type": "string", "format": "date"}))),
    Mutation("body with several types", sends(shape(x={"type": ["integer", "string"]}))),
    Mutation("body with a field of no schema", sends(shape(x={}, y=True))),
    Mutation(
        "body with odd fields",
        sends(
            shape(
                **{
                    "class": INTEGER,
                    "media-type": STRING,
                    "mediaType": STRING,
                    "self": STRING,
                    "movie_id": INTEGER,
                    "body": STRING,
                    "client": STRING,
                    "to_dict": STRING,
                    "3d": STRING,
                    "list": STRING,
                    "endpoint": STRING,
                }
            )
        ),
        has=("movies.award_add",),
    ),
    Mutation(
        "body that is optional",
        add(
            method="post",
            made=operation(
                "movie-award-add", requestBody={"required": False, "content": {"application/json": {"schema": A}}}
            ),
        ),
    ),
    Mutation(
        "body without content", add(method="post", made=operation("movie-award-add", requestBody={"content": {}}))
    ),
    Mutation("body on GET", add(made=operation(requestBody={"content": {"application/json": {"schema": A}}}))),
    Mutation(
        "body removed from an operation that there is",
        existing("/3/movie/{movie_id}/rating", lambda o: o.pop("requestBody"), "post"),
    ),
    Mutation(
        "body that says what is required in oneOf",
        sends({**shape(a=INTEGER, b=STRING), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
        has=("movies.award_add(movie_id, a, b)",),
    ),
    Mutation("body that may be null", sends({"anyOf": [A, {"type": "null"}]}), has=("movies.award_add(movie_id, a)",)),
    Mutation("body of a text", sends(STRING), says=("left out: POST",)),
    Mutation("body with a null character", sends(shape(**{"a\0b": INTEGER})), says=("no text can have",)),
    Mutation("body that requires what it does not have", sends({**A, "required": ["a", "zzz"]})),
    # the document
    Mutation("OpenAPI 3.0", three_zero),
    Mutation("OpenAPI 3.2", lambda d: d.update(openapi="3.2.0")),
    Mutation("version 3.1", lambda d: d["info"].update(version="3.1")),
    Mutation("version of the document, not of the API", lambda d: d["info"].update(version="1.0.0")),
    Mutation("version as a number", lambda d: d["info"].update(version=3)),
    Mutation("no version", lambda d: d["info"].pop("version")),
    Mutation("no info", lambda d: d.pop("info")),
    Mutation("server address that ends in /3", without_version),
    Mutation(
        "server address that ends in /3/",
        lambda d: (without_version(d), d.update(servers=[{"url": "https://api.themoviedb.org/3/"}])),
    ),
    Mutation(
        "server address with a variable",
        lambda d: (
            without_version(d),
            d.update(
                servers=[{"url": "https://api.themoviedb.org/{version}", "variables": {"version": {"default": "3"}}}]
            ),
        ),
    ),
    Mutation("no servers", lambda d: d.pop("servers")),
    Mutation("servers that are null", lambda d: d.update(servers=None)),
    Mutation(
        "another server",
        lambda d: d.update(servers=[{"url": "https://api.tmdb.example"}]),
        says=("https://api.tmdb.example",),
    ),
    Mutation(
        "webhooks, tags, extensions",
        lambda d: d.update(
            webhooks={"x": {"post": operation("hook")}}, tags=[{"name": "a"}], security=[], **{"x-readme": {"a": 1}}
        ),
    ),
    Mutation("ten times as long", ten_times),
    Mutation(
        "components that nobody uses",
        lambda d: d.update(
            components={
                "schemas": {"Odd": {"type": "array"}, "None": None},
                "securitySchemes": {"sec0": {"type": "http"}},
            }
        ),
    ),
    Mutation("server address for each path", by_path, has=("movies.credits",)),
    Mutation("server address that ends in /3, with the version in the paths as well", twice, has=("movies.credits",)),
    Mutation("server address that is relative", relative, has=("movies.credits",)),
    Mutation("version in no path and no server address", nowhere, has=("movies.credits",)),
    Mutation("server address that is none", lambda d: d.update(servers=[{"url": "https://[x"}]), says=("https://[x",)),
    Mutation("variables of a server that are a list", lambda d: d["servers"][0].update(variables=[1])),
    Mutation("components that are a list", lambda d: d.update(components=[1])),
    Mutation(
        "operations beside the methods",
        lambda d: d["paths"]["/3/movie/{movie_id}"].update(additionalOperations={"COPY": operation("movie-copy")}),
        says=("left out: ADDITIONALOPERATIONS",),
    ),
    Mutation(
        "no operation that can be had",
        lambda d: d.update(paths={"/3/x?y": {"get": operation()}}),
        refused="no operation that the client can have",
        lost=tuple(sorted(OPERATIONS)),
    ),
]

SECTIONS = {
    "id in camelCase": "Operation ids",
    "path with dots": "Paths",
    "HEAD": "Methods",
    "parameter called 'cls'": "Parameters",
    "list of nothing known": "Schemas",
    "answer 201": "Answers",
    "body of an object": "Bodies",
    "OpenAPI 3.0": "The document",
}
"""The first mutation of each part of the page that lists them -> the title of the part."""
HEADING = """\
# What the pipeline takes

TMDB's document can change in any way that OpenAPI allows, and in some that it does not. Each line below is a change
that the tests make to it, and what comes of it. *Taken* means: the client is complete and typed, every operation is
called once and works. *Left out* is one operation or one parameter: all others are there, and the report of
`scripts/regenerate` says which and why. What is *left untyped* is given as it comes, which no good answer can fail on;
the report names the place and what to write into the overlay. Nothing ends in a traceback.

The page is written from the tests' own list: `PYTHONPATH=scripts:tests/helpers python -m mutations`.
"""


def outcome(mutation: Mutation) -> str:
    """What comes of a mutation, in Markdown."""
    told = "; ".join(f"`{text}`" for text in mutation.says)
    if mutation.refused is not None:
        return f"refused, and nothing is changed: `{mutation.refused}`"
    if not told:
        return (
            "taken" if not mutation.lost else f"taken; {len(mutation.lost)} operations are removed, which is breaking"
        )
    if any("left out" in text for text in mutation.says):
        return f"left out, and the report says {told}"
    return f"taken, and the report says {told}"


def page() -> str:
    """The page of the documentation that lists all mutations."""
    lines = [HEADING]
    for mutation in MUTATIONS:
        if mutation.name in SECTIONS:
            lines += [
                "" * (len(lines) > 1),
                f"## {SECTIONS[mutation.name]}",
                "",
                "| change | outcome |",
                "| --- | --- |",
            ]
        name = mutation.name.replace("|", "\\|").replace("{{", "{ {")
        lines.append(f"| {name} | {outcome(mutation)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (ROOT / "docs/pages/mutations.md").write_text(page(), encoding="utf-8")
