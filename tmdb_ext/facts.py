"""Answers to everyday questions about what TMDB sent; pure functions, which send nothing.

    from tmdb_ext import TMDB, facts

    with TMDB() as tmdb:
        film = tmdb.movies.details(11, append=["credits", "release_dates", "videos"])
        print(facts.year(film), facts.directors(film), facts.certification(film, "DE"))
        print(facts.trailer(film, ["de", "en"]))

Each function takes models of TMDB's v3 and v4. If an answer needs something appended, that can be given instead:
`facts.directors(tmdb.movies.credits(11))`. If it is neither appended nor given, `NotAppended` says what to append. If
TMDB has no answer, the function returns None or an empty list. An empty text is no answer.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar, overload

from tmdb_api_client.v3 import models
from tmdb_api_client.v4 import models as models_v4

from ._errors import InvalidArgument, NotAppended

__all__ = (
    "DIRECTING_JOBS",
    "WRITING_JOBS",
    "Offers",
    "biography",
    "cast",
    "certification",
    "creators",
    "crew",
    "directors",
    "genre_names",
    "imdb_url",
    "overview",
    "runtime",
    "tagline",
    "title",
    "trailer",
    "video_url",
    "videos",
    "where_to_watch",
    "writers",
    "year",
)

DIRECTING_JOBS: Final = ("Director", "Series Director")
"""The jobs that make a director, in TMDB's words."""
WRITING_JOBS: Final = (
    "Writer", "Screenplay", "Teleplay", "Story", "Screenstory", "Original Story", "Co-Writer", "Scenario Writer",
    "Adaptation", "Dialogue", "Staff Writer", "Series Composition",
)  # fmt: skip
"""The jobs that make a writer, in TMDB's words. Who wrote what it is based on (Novel, Characters) has other ones."""

_THEATRICAL, _LIMITED, _PREMIERE, _DIGITAL, _PHYSICAL, _TELEVISION = 3, 2, 1, 4, 5, 6
_RELEASE_TYPES: Final = (_THEATRICAL, _LIMITED, _PREMIERE, _DIGITAL, _PHYSICAL, _TELEVISION)
"""TMDB's types of a release, those first whose certification counts most."""
_MAIN_REGIONS: Final = {"ar": "SA", "en": "US", "ja": "JP", "ko": "KR", "zh": "CN"}
"""The region that a language stands for if it is not the one that is written like the language."""

_LANGUAGE: Final = re.compile(r"([a-z]{2,3})(?:-([a-z]{2}))?", re.ASCII | re.IGNORECASE)
_COUNTRY: Final = re.compile(r"[a-z]{2}", re.ASCII | re.IGNORECASE)
_YEAR: Final = re.compile(r"(\d{4})(?:-|$)", re.ASCII)
_IMDB_ID: Final = re.compile(r"(tt|nm)\d{5,10}", re.ASCII)
_IMDB_FOLDERS: Final = {"tt": "title", "nm": "name"}
_VIDEO_SITES: Final = {
    "youtube": (re.compile(r"[\w-]+", re.ASCII), "https://www.youtube.com/watch?v="),
    "vimeo": (re.compile(r"\d+(?:/[0-9a-f]+)?", re.ASCII), "https://vimeo.com/"),
}

_RESOURCES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("MovieDetails", "MovieSummary", "RatedMovie", "PersonMovieCast", "PersonMovieCrew", "MovieCreditMedia",
         "CollectionPart"), "movies",
    ),
    **dict.fromkeys(
        ("TvSeriesDetails", "TvSeriesSummary", "RatedTvSeries", "PersonTvCast", "PersonTvCrew", "TvCreditMedia"),
        "tv_series",
    ),
    **dict.fromkeys(("SeasonDetails", "SeasonSummary"), "tv_seasons"),
    **dict.fromkeys(("EpisodeDetails", "EpisodeSummary", "RatedEpisode"), "tv_episodes"),
    **dict.fromkeys(
        ("PersonDetails", "PersonSummary", "CastMember", "CrewMember", "AggregateCastMember", "AggregateCrewMember",
         "Creator"), "people",
    ),
    **dict.fromkeys(("CollectionDetails", "CollectionSummary"), "collections"),
}  # fmt: skip
"""The resource that has the details of what a model is about, by the model's name."""
_Appends = Mapping[str, tuple[str, ...]]

_CREDITS: Final[_Appends] = {
    "movies": ("credits",),
    "tv_series": ("aggregate_credits", "credits"),
    "tv_seasons": ("aggregate_credits", "credits"),
    "tv_episodes": ("credits",),
}
"""What has to be appended, by resource; the first of several is what an error asks for. So below."""
_CERTIFICATIONS: Final[_Appends] = {"movies": ("release_dates",), "tv_series": ("content_ratings",)}
_VIDEOS: Final[_Appends] = dict.fromkeys(("movies", "tv_series", "tv_seasons", "tv_episodes"), ("videos",))
_EXTERNAL_IDS: Final[_Appends] = dict.fromkeys(("movies", "tv_series", "tv_episodes", "people"), ("external_ids",))
_TRANSLATIONS: Final[_Appends] = dict.fromkeys(
    ("movies", "tv_series", "tv_seasons", "tv_episodes", "people", "collections"), ("translations",)
)
_PROVIDERS: Final[_Appends] = dict.fromkeys(("movies", "tv_series", "tv_seasons"), ("watch/providers",))

T = TypeVar("T")


class HasReleaseDate(Protocol):
    """A movie, whichever its model is."""

    @property
    def release_date(self) -> datetime.date | None: ...


class HasFirstAirDate(Protocol):
    """A series, whichever its model is."""

    @property
    def first_air_date(self) -> datetime.date | None: ...


class HasAirDate(Protocol):
    """A season or an episode, whichever its model is."""

    @property
    def air_date(self) -> datetime.date | None: ...


class HasTitle(Protocol):
    """A movie, whichever its model is."""

    @property
    def title(self) -> str | None: ...


class HasName(Protocol):
    """A series, season, episode, collection or person, whichever its model is."""

    @property
    def name(self) -> str | None: ...


class HasOverview(Protocol):
    """A movie, series, season, episode or collection, whichever its model is."""

    @property
    def overview(self) -> str | None: ...


class HasRuntime(Protocol):
    """A movie or an episode, whichever its model is, and a list of v4."""

    @property
    def runtime(self) -> int | str | None: ...


class HasGenres(Protocol):
    """A movie or series in detail."""

    @property
    def genres(self) -> list[models.Genre]: ...


class HasGenreIds(Protocol):
    """A movie or series in short."""

    @property
    def genre_ids(self) -> list[int]: ...


@dataclass(frozen=True, slots=True, repr=False)
class Offers:
    """Where something can be watched in a country, each list in TMDB's order; false if nowhere.

    TMDB has this from JustWatch, and asks those who show it to name JustWatch.
    """

    country: str
    """The country, as in `DE`."""
    stream: list[models.WatchProvider] = field(default_factory=list)
    """With a subscription; TMDB's word is `flatrate`."""
    free: list[models.WatchProvider] = field(default_factory=list)
    """Without paying."""
    ads: list[models.WatchProvider] = field(default_factory=list)
    """Without paying, with advertisements."""
    rent: list[models.WatchProvider] = field(default_factory=list)
    """For a fee."""
    buy: list[models.WatchProvider] = field(default_factory=list)
    """For good."""
    link: str | None = None
    """TMDB's page with the offers, or None."""

    def __repr__(self) -> str:
        kinds = ("stream", "free", "ads", "rent", "buy")
        counts = ", ".join(f"{name} {len(getattr(self, name))}" for name in kinds if getattr(self, name))
        return f"<Offers {self.country}: {counts or 'none'}>"

    def __bool__(self) -> bool:
        return bool(self.stream or self.free or self.ads or self.rent or self.buy)


def year(
    of: HasReleaseDate
    | HasFirstAirDate
    | HasAirDate
    | models.PersonSummary
    | models.CollectionSummary
    | models.UnknownMedia
    | models_v4.UnknownMedia,
) -> int | None:
    """Return the year in which a movie was released, or a series, season or episode first aired.

    Args:
        of: any of them, in detail or from a list or search. A person or collection in a list has no year, so None.

    Raises:
        InvalidArgument: it is nothing of that kind.
    """
    _check(of, "year", "release_date", "first_air_date", "air_date")
    for name in ("release_date", "first_air_date", "air_date"):
        value = _value(of, name)
        if isinstance(value, datetime.date):
            return value.year
        if isinstance(value, str) and (match := _YEAR.match(value)):  # no date, or of an unknown kind of thing
            return int(match[1]) or None
    return None


@overload
def directors(
    of: models.MovieDetails | models.EpisodeDetails | models.Credits | models.EpisodeCredits,
) -> list[models.CrewMember]: ...
@overload
def directors(of: models.AggregateCredits) -> list[models.AggregateCrewMember]: ...
@overload
def directors(
    of: models.TvSeriesDetails | models.SeasonDetails,
) -> list[models.CrewMember | models.AggregateCrewMember]: ...
def directors(of: Any) -> Any:
    """Return the directors of a movie, series, season or episode, each once.

    Args:
        of: its details with `credits` appended, or the credits themselves. For a series or season `aggregate_credits`
            is better: those who directed most episodes come first. For an episode nothing has to be appended.

    Raises:
        NotAppended: its credits are not there.
        InvalidArgument: it is nothing that has credits.
    """
    return _crew(of, DIRECTING_JOBS, "directors")


@overload
def writers(
    of: models.MovieDetails | models.EpisodeDetails | models.Credits | models.EpisodeCredits,
) -> list[models.CrewMember]: ...
@overload
def writers(of: models.AggregateCredits) -> list[models.AggregateCrewMember]: ...
@overload
def writers(
    of: models.TvSeriesDetails | models.SeasonDetails,
) -> list[models.CrewMember | models.AggregateCrewMember]: ...
def writers(of: Any) -> Any:
    """Return the writers of a movie, series, season or episode, each once: who has one of `WRITING_JOBS`.

    Args:
        of: as for `directors`.

    Raises:
        NotAppended: its credits are not there.
        InvalidArgument: it is nothing that has credits.
    """
    return _crew(of, WRITING_JOBS, "writers")


@overload
def crew(
    of: models.MovieDetails | models.EpisodeDetails | models.Credits | models.EpisodeCredits, job: str, *jobs: str
) -> list[models.CrewMember]: ...
@overload
def crew(of: models.AggregateCredits, job: str, *jobs: str) -> list[models.AggregateCrewMember]: ...
@overload
def crew(
    of: models.TvSeriesDetails | models.SeasonDetails, job: str, *jobs: str
) -> list[models.CrewMember | models.AggregateCrewMember]: ...
def crew(of: Any, job: str, *jobs: str) -> Any:
    """Return who had one of some jobs: `facts.crew(film, "Novel", "Characters")`; each person once.

    Args:
        of: as for `directors`.
        job: a job, in TMDB's words, which `tmdb.configuration.jobs()` lists.
        jobs: further ones.

    Raises:
        NotAppended: its credits are not there.
        InvalidArgument: it is nothing that has credits.
    """
    return _crew(of, (job, *jobs), "crew")


def creators(of: models.TvSeriesDetails) -> list[models.Creator]:
    """Return who created a series; nothing has to be appended.

    Raises:
        InvalidArgument: it is not a series in detail.
    """
    if not isinstance(of, models.TvSeriesDetails):
        raise InvalidArgument(f"facts.creators takes TvSeriesDetails, not {_kind(of)}.")
    return _each_once(_items(of, "created_by", models.Creator))


@overload
def cast(
    of: models.MovieDetails | models.EpisodeDetails | models.Credits | models.EpisodeCredits, first: int | None = None
) -> list[models.CastMember]: ...
@overload
def cast(of: models.AggregateCredits, first: int | None = None) -> list[models.AggregateCastMember]: ...
@overload
def cast(
    of: models.TvSeriesDetails | models.SeasonDetails, first: int | None = None
) -> list[models.CastMember | models.AggregateCastMember]: ...
def cast(of: Any, first: int | None = None) -> Any:
    """Return the cast of a movie, series, season or episode in the order of billing, without guest stars.

    Args:
        of: its details with `credits` appended, or the credits themselves. For a series or season `aggregate_credits`
            is better: it has the cast of all episodes.
        first: how many, or None for all.

    Raises:
        NotAppended: its credits are not there.
        InvalidArgument: it is nothing that has credits, or `first` is less than 0.
    """
    if first is not None and (not isinstance(first, int) or isinstance(first, bool) or first < 0):
        raise InvalidArgument(f"first must be a number of people, 0 or more, not {first!r}.")
    credits_ = _part(of, _kinds_of_credits(), _CREDITS, "cast")
    people: list[Any] = _items(credits_, "cast", (models.CastMember, models.AggregateCastMember))
    places = [order if isinstance(order := person.order, (int, float)) else float("inf") for person in people]
    ordered = [person for _, _, person in sorted(zip(places, range(len(people)), people, strict=True))]
    return ordered[:first]


def certification(
    of: models.MovieDetails | models.ReleaseDates | models.TvSeriesDetails | models.ContentRatings, country: str
) -> str | None:
    """Return from which age something may be seen in a country, in the country's own words: `PG-13`, `16`.

    Of a movie's releases in a country, theatrical ones count first, then limited theatrical ones, premieres, digital,
    physical and television ones; of several of one type, the earliest.

    Args:
        of: a movie with `release_dates` appended, a series with `content_ratings` appended, or one of these itself.
        country: as in `DE` (ISO 3166-1).

    Raises:
        NotAppended: `release_dates` or `content_ratings` are not there.
        InvalidArgument: it is nothing that has a certification, or the country is not two letters.
    """
    code = _country(country)
    part = _part(of, (models.ReleaseDates, models.ContentRatings), _CERTIFICATIONS, "certification")
    if isinstance(part, models.ContentRatings):
        ratings = (one.rating for one in _items(part, "results", models.ContentRating) if _is(one.iso_3166_1, code))
        return next(filter(None, map(_text, ratings)), None)
    releases = [
        release
        for one in _items(part, "results", models.CountryReleaseDates)
        if _is(one.iso_3166_1, code)
        for release in _items(one, "release_dates", models.ReleaseDate)
        if _text(release.certification)
    ]
    return min(releases, key=_rank_of_release).certification if releases else None


def videos(
    of: models.MovieDetails | models.TvSeriesDetails | models.SeasonDetails | models.EpisodeDetails | models.Videos,
    languages: str | Iterable[str] = (),
    *,
    types: str | Iterable[str] = ("Trailer",),
) -> list[models.Video]:
    """Return the videos on YouTube and Vimeo of some types, the best first.

    They are sorted by type, by language, official ones first, and the newest first. Those in other languages come last.
    TMDB sends only videos in the language of the request, and with `include_video_language` those in others.

    Args:
        of: a movie, series, season or episode with `videos` appended, or the videos themselves.
        languages: one or several in order of preference, as in `de` or `pt-BR`; without any, all are equal.
        types: one or several in order of preference, in TMDB's words: `Trailer`, `Teaser`, `Clip`, `Featurette`.

    Raises:
        NotAppended: `videos` are not there.
        InvalidArgument: it is nothing that has videos, or a language is none.
    """
    wanted = _languages(languages)
    kinds = [types] if isinstance(types, str) else [*types]
    part = _part(of, (models.Videos,), _VIDEOS, "videos")
    found = [one for one in _items(part, "results", models.Video) if one.type_ in kinds and video_url(one)]

    def rank(video: models.Video) -> tuple[int, int, bool, float]:
        spoken = [place for place, code in enumerate(wanted) if _matches(video, code)]
        published = video.published_at
        newest = published.timestamp() if isinstance(published, datetime.datetime) else 0.0
        return kinds.index(video.type_ or ""), min(spoken, default=len(wanted)), video.official is not True, -newest

    return sorted(found, key=rank)


def video_url(of: models.Video) -> str | None:
    """Return the address of a video on YouTube or Vimeo; None if it is elsewhere.

    Raises:
        InvalidArgument: it is not a video.
    """
    if not isinstance(of, models.Video):
        raise InvalidArgument(f"facts.video_url takes a Video, not {_kind(of)}.")
    pattern, address = _VIDEO_SITES.get(of.site.lower() if isinstance(of.site, str) else "", (None, ""))
    key = of.key
    return address + key if pattern is not None and isinstance(key, str) and pattern.fullmatch(key) else None


def trailer(
    of: models.MovieDetails | models.TvSeriesDetails | models.SeasonDetails | models.EpisodeDetails | models.Videos,
    languages: str | Iterable[str] = (),
    *,
    types: str | Iterable[str] = ("Trailer",),
) -> str | None:
    """Return the address of the trailer on YouTube or Vimeo: the first of `videos`, which has the same arguments.

    Raises:
        NotAppended: `videos` are not there.
        InvalidArgument: it is nothing that has videos, or a language is none.
    """
    found = videos(of, languages, types=types)
    return video_url(found[0]) if found else None


def imdb_url(
    of: models.MovieDetails
    | models.TvSeriesDetails
    | models.EpisodeDetails
    | models.PersonDetails
    | models.ExternalIds,
) -> str | None:
    """Return the address of a title's or a person's page at IMDb.

    Args:
        of: a movie or person, to which nothing has to be appended; a series or episode with `external_ids` appended;
            or the external ids themselves.

    Raises:
        NotAppended: `external_ids` are not there.
        InvalidArgument: it is nothing that IMDb has pages of.
    """
    own = _first_text(of, "imdb_id")
    if own is None and not (isinstance(of, (models.MovieDetails, models.PersonDetails)) and _knows_imdb_id(of)):
        own = _first_text(_part(of, (models.ExternalIds,), _EXTERNAL_IDS, "imdb_url"), "imdb_id")
    if own is None or not (match := _IMDB_ID.fullmatch(own)):
        return None
    return f"https://www.imdb.com/{_IMDB_FOLDERS[match[1]]}/{own}/"


@overload
def genre_names(of: HasGenres) -> list[str]: ...
@overload
def genre_names(
    of: HasGenres
    | HasGenreIds
    | models.PersonSummary
    | models.CollectionSummary
    | models.UnknownMedia
    | models_v4.UnknownMedia
    | Iterable[int],
    genres: models.Genres | Iterable[models.Genre],
    /,
    *more: models.Genres | Iterable[models.Genre],
) -> list[str]: ...
def genre_names(of: Any, *genres: models.Genres | Iterable[models.Genre]) -> list[str]:
    """Return the names of genres: `facts.genre_names(film, tmdb.genres.movies())`.

    Args:
        of: a movie or series of a list or search, or ids; or one in detail, which has the names itself.
        genres: what `tmdb.genres.movies()` or `tmdb.genres.tv()` returns; give both if a list has movies and
            series. Ids that are in neither are left out.

    Raises:
        InvalidArgument: it has ids, and there is no list of genres; or it is nothing that has genres.
    """
    if isinstance(found := _value(of, "genres"), list):
        return [name for one in found if isinstance(one, models.Genre) and (name := _text(one.name))]
    ids: Any = of
    if _is_model(of):
        _check(of, "genre_names", "genre_ids", "genres")
        ids = _value(of, "genre_ids")
    elif isinstance(of, (str, bytes, Mapping)) or not isinstance(of, Iterable):
        raise InvalidArgument(f"facts.genre_names takes a movie or series, or ids, not {_kind(of)}.")
    if not genres:
        raise InvalidArgument("Give the list of genres too: facts.genre_names(film, tmdb.genres.movies()).")
    names = {
        one.id: name
        for some in genres
        for one in (_items(some, "genres", models.Genre) if isinstance(some, models.Genres) else some)
        if isinstance(one, models.Genre) and isinstance(one.id, int) and (name := _text(one.name))
    }
    return [names[one] for one in (ids if isinstance(ids, Iterable) else ()) if isinstance(one, int) and one in names]


def title(
    of: HasTitle | HasName | models.UnknownMedia | models_v4.UnknownMedia,
    languages: str | Iterable[str] = (),
    *,
    translations: models.Translations | None = None,
) -> str | None:
    """Return the title or name of something: of a movie, series, season, episode, collection or person.

    TMDB leaves the title of a translation empty if it is the original title, and if nobody has entered one. In the
    original language this returns the original title then; another language without a title is passed over. If none
    of the languages has a title, this returns the title that the object came with.

    Args:
        of: any of them, in detail or from a list or search.
        languages: one or several in order of preference: `pt-BR`, or `pt` for all regions, Portugal's first. Without
            any, this returns the title that the object came with, and nothing has to be appended.
        translations: what `tmdb.movies.translations(11)` returns, if `translations` are not appended.

    Raises:
        NotAppended: there are languages and no translations.
        InvalidArgument: it has no title, or a language is none.
    """
    _check(of, "title", "title", "name")
    wanted = _languages(languages)
    found = _translations(of, translations, "title") if wanted else []
    original = _first_text(of, "original_title", "original_name")
    spoken = _value(of, "original_language")
    for language, region in wanted:
        listed = list(_in_language(found, language, region))
        if original is not None and spoken == language:
            main = region or _main_region(language)
            exact = (one for one in listed if _is(one.iso_3166_1, main))
            return next(filter(None, (_first_text(one.data, "title", "name") for one in exact)), original)
        if translated := next(filter(None, (_first_text(one.data, "title", "name") for one in listed)), None):
            return translated
    return _first_text(of, "title", "name") or original


def overview(
    of: HasOverview | models.PersonSummary | models.UnknownMedia | models_v4.UnknownMedia,
    languages: str | Iterable[str] = (),
    *,
    translations: models.Translations | None = None,
) -> str | None:
    """Return what a movie, series, season, episode or collection is about.

    Args:
        of: any of them, in detail or from a list or search.
        languages: as for `title`; without a text in any of them, this returns the one it came with.
        translations: as for `title`.

    Raises:
        NotAppended: there are languages and no translations.
        InvalidArgument: it has no overview, or a language is none.
    """
    return _translated(of, "overview", languages, translations)


def tagline(
    of: models.MovieDetails | models.TvSeriesDetails,
    languages: str | Iterable[str] = (),
    *,
    translations: models.Translations | None = None,
) -> str | None:
    """Return what a movie or series is advertised with.

    Args:
        of: a movie or series in detail.
        languages: as for `title`; without a text in any of them, this returns the one it came with.
        translations: as for `title`.

    Raises:
        NotAppended: there are languages and no translations.
        InvalidArgument: it has no tagline, or a language is none.
    """
    return _translated(of, "tagline", languages, translations)


def biography(
    of: models.PersonDetails,
    languages: str | Iterable[str] = (),
    *,
    translations: models.Translations | None = None,
) -> str | None:
    """Return the life of a person.

    Args:
        of: a person in detail.
        languages: as for `title`; without a text in any of them, this returns the one it came with.
        translations: as for `title`.

    Raises:
        NotAppended: there are languages and no translations.
        InvalidArgument: it has no biography, or a language is none.
    """
    return _translated(of, "biography", languages, translations)


def where_to_watch(
    of: models.MovieDetails | models.TvSeriesDetails | models.SeasonDetails | models.WatchProviders, country: str
) -> Offers:
    """Return where something can be streamed, rented and bought in a country.

    Args:
        of: a movie, series or season with `watch/providers` appended, or the providers themselves.
        country: as in `DE` (ISO 3166-1).

    Returns:
        The offers; empty, and so false, if TMDB knows none in that country.

    Raises:
        NotAppended: `watch/providers` are not there.
        InvalidArgument: it is nothing that can be watched, or the country is not two letters.
    """
    code = _country(country)
    results = _value(_part(of, (models.WatchProviders,), _PROVIDERS, "where_to_watch"), "results")
    there = results.get(code) if isinstance(results, dict) else None
    if not isinstance(there, models.WatchProviderOffers):
        return Offers(code)
    link = there.link
    return Offers(
        code,
        stream=_providers(there, "flatrate"),
        free=_providers(there, "free"),
        ads=_providers(there, "ads"),
        rent=_providers(there, "rent"),
        buy=_providers(there, "buy"),
        link=link if isinstance(link, str) and link.startswith(("https://", "http://")) else None,
    )


def runtime(of: HasRuntime | models.TvSeriesDetails | int) -> str | None:
    """Return how long a movie or episode is: `2 h 1 min`, `2 h`, `45 min`; None if TMDB does not know.

    Args:
        of: a movie in detail, an episode, a list of v4, or minutes. For a series this is the first of its usual run
            times, or if TMDB has none, that of the episode that aired last.

    Raises:
        InvalidArgument: it is nothing that has a run time.
    """
    if isinstance(of, models.TvSeriesDetails):
        usual = _items(of, "episode_run_time", (int, float))
        last = of.last_episode_to_air
        candidates: list[Any] = [*usual, _value(last, "runtime")]
    elif isinstance(of, (int, float)) and not isinstance(of, bool):
        candidates = [of]
    else:
        _check(of, "runtime", "runtime")
        candidates = [_value(of, "runtime")]
    minutes = next(filter(None, map(_minutes, candidates)), 0)
    hours, rest = divmod(minutes, 60)
    return " ".join([f"{hours} h"] * (hours > 0) + [f"{rest} min"] * (rest > 0)) or None


# What models have, whether or not it is what their annotations say


def _is_model(value: object) -> bool:
    return hasattr(value, "to_dict") and hasattr(value, "additional_keys")


def _kind(value: object) -> str:
    return type(value).__name__ if value is not None else "None"


def _value(of: Any, name: str) -> Any:
    """The value of an attribute, or of a key that the document does not know; None if there is neither."""
    value = getattr(of, name, None)
    return of.get(name) if value is None and _is_model(of) and not hasattr(type(of), name) else value


def _check(of: object, question: str, *names: str) -> None:
    """Refuse what cannot have an answer: what is neither a model nor has one of the attributes."""
    if any(hasattr(of, name) and not callable(getattr(of, name)) for name in names):  # a string has a method `title`
        return
    if not _is_model(of) or type(of).__name__ not in ("PersonSummary", "CollectionSummary", "UnknownMedia"):
        raise InvalidArgument(f"facts.{question} takes what has {' or '.join(names)}, and {_kind(of)} has none.")


def _items(of: object, name: str, kind: type[T] | tuple[type[T], ...]) -> list[T]:
    """The items of a list that are what they should be."""
    value = getattr(of, name, None)
    return [one for one in value if isinstance(one, kind)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _first_text(of: object, *names: str) -> str | None:
    return next(filter(None, (_text(_value(of, name)) for name in names)), None)


def _is(value: object, code: str) -> bool:
    return isinstance(value, str) and value.upper() == code


def _part(of: Any, kinds: tuple[type[T], ...], keys: _Appends, question: str) -> T | None:
    """What was appended, or `of` if it is that itself; None if TMDB sent something else in its place.

    Raises:
        NotAppended: it is not there.
        InvalidArgument: it cannot be appended to what `of` is about.
    """
    if isinstance(of, kinds):
        return of
    resource = _RESOURCES.get(type(of).__name__)
    if resource is None or resource not in keys:
        takes = ", ".join(name for name in _RESOURCES if name.endswith("Details") and _RESOURCES[name] in keys)
        own = ", ".join(kind.__name__ for kind in kinds)
        raise InvalidArgument(f"facts.{question} takes {takes} or {own}, not {_kind(of)}.")
    there = [key for key in keys[resource] if key in of]
    if not there:
        raise _not_appended(of, resource, keys[resource][0], question)
    parts = (getattr(of, key.replace("/", "_"), None) for key in there)
    return next((part for part in parts if isinstance(part, kinds)), None)


def _not_appended(of: Any, resource: str, key: str, question: str) -> NotAppended:
    number = of.id if resource not in ("tv_seasons", "tv_episodes") and isinstance(of.id, int) else "…"
    call = f'tmdb.{resource}.details({number}, append=["{key}"])'
    return NotAppended(
        f"facts.{question} needs {key!r}, and this {_kind(of)} came without it. Append it: {call}.", append=(key,)
    )


def _country(value: object) -> str:
    if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
        raise InvalidArgument(f"A country is two letters as in DE (ISO 3166-1), not {value!r}.")
    return value.upper()


# Credits


def _kinds_of_credits() -> tuple[type[Any], ...]:
    return (models.Credits, models.EpisodeCredits, models.AggregateCredits)


def _crew(of: Any, jobs: tuple[str, ...], question: str) -> list[Any]:
    if isinstance(of, models.EpisodeDetails) and "credits" not in of and "crew" in of:
        people = _items(of, "crew", models.CrewMember)
    else:
        part = _part(of, _kinds_of_credits(), _CREDITS, question)
        if isinstance(part, models.AggregateCredits):
            return _by_episodes(_items(part, "crew", models.AggregateCrewMember), jobs)
        people = _items(part, "crew", models.CrewMember)
    return _each_once([person for person in people if person.job in jobs])


def _by_episodes(people: list[models.AggregateCrewMember], jobs: tuple[str, ...]) -> list[models.AggregateCrewMember]:
    counts: list[tuple[int, int, models.AggregateCrewMember]] = []
    for place, person in enumerate(people):
        done = [job.episode_count for job in _items(person, "jobs", models.CrewJob) if job.job in jobs]
        if done:
            counts.append((-sum(count for count in done if isinstance(count, int)), place, person))
    return _each_once([person for _, _, person in sorted(counts, key=lambda one: one[:2])])


def _each_once(people: list[T]) -> list[T]:
    """People in order, each once; those without an id are kept."""
    seen: set[object] = set()
    kept = []
    for one in people:
        number = _value(one, "id")
        if number is None or not isinstance(number, (int, str)) or number not in seen:
            kept.append(one)
            seen.add(number if isinstance(number, (int, str)) else None)
    return kept


# Releases


def _rank_of_release(release: models.ReleaseDate) -> tuple[int, float]:
    kind, day = release.type_, release.release_date
    place = _RELEASE_TYPES.index(kind) if kind in _RELEASE_TYPES else len(_RELEASE_TYPES)
    return place, day.timestamp() if isinstance(day, datetime.datetime) else float("inf")


# Languages


def _languages(value: str | Iterable[str]) -> list[tuple[str, str | None]]:
    """Languages with their regions, if they have one."""
    found = []
    for one in [value] if isinstance(value, str) else value:
        if not isinstance(one, str) or not (match := _LANGUAGE.fullmatch(one)):
            raise InvalidArgument(f"A language is written as in de or pt-BR, not {one!r}.")
        found.append((match[1].lower(), match[2].upper() if match[2] else None))
    return found


def _main_region(language: str) -> str:
    return _MAIN_REGIONS.get(language, language.upper())


def _matches(of: models.Video | models.Translation, code: tuple[str, str | None]) -> bool:
    language, region = code
    return of.iso_639_1 == language and (region is None or _is(of.iso_3166_1, region))


def _in_language(found: list[models.Translation], language: str, region: str | None) -> Iterator[models.Translation]:
    """The translations in a language; without a region that of the main one first."""
    matching = [one for one in found if _matches(one, (language, region))]
    main = _main_region(language)
    return iter(sorted(matching, key=lambda one: not _is(one.iso_3166_1, main)))


def _translations(of: Any, given: models.Translations | None, question: str) -> list[models.Translation]:
    part = _part(of if given is None else given, (models.Translations,), _TRANSLATIONS, question)
    return _items(part, "translations", models.Translation)


def _translated(
    of: Any, name: str, languages: str | Iterable[str], translations: models.Translations | None
) -> str | None:
    _check(of, name, name)
    wanted = _languages(languages)
    found = _translations(of, translations, name) if wanted else []
    texts = (_first_text(one.data, name) for code in wanted for one in _in_language(found, *code))
    return next(filter(None, texts), None) or _first_text(of, name)


# Others


def _knows_imdb_id(of: models.MovieDetails | models.PersonDetails) -> bool:
    return "imdb_id" in of and "external_ids" not in of


def _providers(of: models.WatchProviderOffers, name: str) -> list[models.WatchProvider]:
    def place(provider: models.WatchProvider) -> float:
        order = provider.display_priority
        return order if isinstance(order, (int, float)) else float("inf")

    return sorted(_items(of, name, models.WatchProvider), key=place)


def _minutes(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        return 0
    return int(value)
