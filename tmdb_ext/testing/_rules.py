"""The sample made by rules: 1,200 films, 500 series and 600 people, whose facts depend on their ids alone.

Some films and series are always new: their dates count from the day on which the simulator began.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from tmdb_ext.testing._fill import stable, stable_date, words
from tmdb_ext.testing._sample import COLLECTIONS, FILMS, PEOPLE, SERIES, Film, Person, Series
from tmdb_ext.testing._tables import FILM_GENRES, HOME_OF, SERIES_GENRES

_T = TypeVar("_T")
LARGEST_ID = 900_000_000
"""Ids above this belong to nothing."""

_WORDS = {
    "de": "Bernstein Pfeil Becken Leuchtfeuer Birke Schlucht Asche Klee Kupfer Delta Glut Fabel Falke Granat "
    "Hafen Reiher Insel Wacholder Laterne Linde Marmor Wiese Spiegel Norden Obstgarten Papier Kiesel "
    "Steinbruch Rabe Fluss Sattel Signal Silber Sommer Dickicht Balken Tal Samt Weide Winter",
    "fr": "Ambre Flèche Bassin Phare Bouleau Canyon Cendre Trèfle Cuivre Delta Braise Fable Faucon Grenat Port "
    "Héron Île Genévrier Lanterne Tilleul Marbre Pré Miroir Nord Verger Papier Galet Carrière Corbeau "
    "Fleuve Selle Signal Argent Été Fourré Poutre Vallée Velours Saule Hiver",
    "es": "Ámbar Flecha Cuenca Faro Abedul Cañón Ceniza Trébol Cobre Delta Brasa Fábula Halcón Granate Puerto "
    "Garza Isla Enebro Linterna Tilo Mármol Prado Espejo Norte Huerto Papel Guijarro Cantera Cuervo Río "
    "Montura Señal Plata Verano Matorral Viga Valle Terciopelo Sauce Invierno",
    "ja": "琥 矢 盆 灯 樺 峡 燼 苜 銅 洲 熾 話 鷹 榴 港 鷺 島 檜 籠 菩 理 原 鏡 北 園 "
    "紙 礫 坑 烏 川 鞍 号 銀 夏 藪 材 谷 絹 柳 冬",
}
WORDS: dict[str, tuple[str, ...]] = {language: tuple(nouns.split()) for language, nouns in _WORDS.items()}
"""Nouns by language; the English ones are those of `_fill`."""
TITLE_OF = {"de": "{} und {}", "fr": "{} et {}", "es": "{} y {}", "ja": "{}と{}", "en": "{} and {}"}
PLOT_OF = {
    "de": "Eine Geschichte von {} und {}.", "fr": "Une histoire de {} et de {}.", "es": "Una historia de {} y {}.",
    "ja": "{}と{}の物語。",
}  # fmt: skip
LANGUAGES = tuple(PLOT_OF)
"""The languages besides English that the sample has texts in."""

FIRST_NEW_FILM, LAST_FILM = 1101, 1200
_POOL = 300
"""How many people, from id 100 on, play in what the rules make."""
FILM_IDS = (
    *range(1, LAST_FILM + 1),
    # what the examples and tests of many programs ask for
    1726, 10193, 10195, 19995, 24428, 27205, 47964, 49026, 49519, 54138, 62177, 76203, 76341, 76492, 76757, 99861,
    103332, 109445, 118340, 122917, 135397, 140607, 157336, 157350, 206647, 271110, 283995, 284053, 293660, 299534,
    299536, 315635, 329865, 335984, 335983, 346364, 353486, 420817, 424694, 438631, 475557, 496243, 505642, 545611,
    569094, 603692, 634649, 693134, 872585,
)  # fmt: skip
SERIES_IDS = (
    *range(1, 501),
    1396, 1399, 1400, 1402, 1403, 1408, 1412, 1416, 1418, 1421, 1425, 1434, 1622, 1668, 1990, 2190, 2316, 4194, 4607,
    19885, 30984, 37854, 46952, 57243, 60059, 60573, 60574, 60625, 60735, 62560, 63174, 66732, 67136, 71446, 71712,
    76479, 82856, 84958, 85271, 93405, 94605, 94997, 100088, 119051,
)  # fmt: skip
PERSON_IDS = (
    *range(1, 601),
    819, 884, 976, 1100, 1136406, 1245, 1283, 1327, 1813, 2231, 2524, 2888, 3223, 3894, 4173, 5081, 5292, 6193, 6384,
    6885, 6968, 10859, 10980, 10990, 11288, 12835, 16483, 16828, 17276, 17419, 18277, 18918, 22970, 31531, 51329, 54693,
    62861, 66633, 72129, 73457, 74568, 90633, 103546, 109513, 117642, 136347, 138697, 172069, 224513, 234352, 505710,
    1190668,
)  # fmt: skip


def phrase(language: str, form: dict[str, str], *parts: Hashable) -> str:
    """A title or a plot in one of the languages."""
    noun = WORDS[language]
    first, second = (noun[stable(index, *parts) % len(noun)] for index in (0, 1))
    return form[language].format(first, second)


def _cast(kind: str, number: int, most: int) -> tuple[tuple[int, str], ...]:
    who = dict.fromkeys(100 + stable(kind, number, index) % _POOL for index in range(most))
    named = len(who) - 1 if kind == "tvcast" and number % 6 == 1 else len(who)  # the last role has no name yet
    return tuple(
        (one, words(1, "role", number, index).title() if index < named else "") for index, one in enumerate(who)
    )


def _collection(number: int) -> int | None:
    """The collection of a film: three in thirty films make one."""
    if number % 30 > 2 or not 30 < number <= LAST_FILM:
        return None
    return number // 30 if number // 30 not in COLLECTIONS else 1000 + number // 30


class Rules:
    """Makes films, series and people from their ids.

    Args:
        today: The day that new films and series count from.
    """

    def __init__(self, today: date) -> None:
        self.today = today
        self._films: dict[int, Film] = dict(FILMS)
        self._series: dict[int, Series] = dict(SERIES)
        self._made: dict[Hashable, Any] = {}

    def remember(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """What depends on the rules alone, made when it is first asked for."""
        if key not in self._made:
            self._made[key] = make()
        made: _T = self._made[key]
        return made

    def film(self, number: int) -> Film:
        """The film of an id."""
        if number not in self._films:
            self._films[number] = self._make_film(number)
        return self._films[number]

    def _make_film(self, number: int) -> Film:
        language = ("en", "en", "de", "fr", "es", "ja")[stable("language", number) % 6]
        released = stable_date("film", number)
        if FIRST_NEW_FILM <= number <= LAST_FILM:
            released = (self.today + timedelta(days=stable("new", number) % 120 - 60)).isoformat()
        count = 1 + stable("genres", number) % 3
        genres = dict.fromkeys(FILM_GENRES[stable("g", number, index) % len(FILM_GENRES)] for index in range(count))
        crew = (("Director", "crew"), ("Screenplay", "writer"), ("Producer", "producer"))
        return Film(
            title=f"The {words(2, 'film', number).title()}",
            released=released,
            genres=tuple(genres),
            minutes=75 + stable("minutes", number) % 80,
            score=round(4 + stable("score", number) % 50 / 10, 1),
            overview=f"A story of {words(5, 'plot', number)}.",
            cast=_cast("cast", number, 5),
            crew=tuple((100 + stable(key, number) % _POOL, job) for job, key in crew),
            companies=(2 + number % 3, 100 + number % 40),
            country=HOME_OF[language] if number % 4 else "GB",
            language=language,
            collection=_collection(number),
        )

    def series(self, number: int) -> Series:
        """The series of an id."""
        if number not in self._series:
            self._series[number] = self._make_series(number)
        return self._series[number]

    def _make_series(self, number: int) -> Series:
        language = ("en", "en", "de", "fr", "es", "ja")[stable("tvlanguage", number) % 6]
        seasons = tuple(4 + stable("season", number, index) % 5 for index in range(1 + stable("seasons", number) % 4))
        running, began = number % 10 == 3, stable_date("series", number)
        if running:  # an episode of its last season is shown in the coming week
            first = self.today - timedelta(days=364 * (len(seasons) - 1) + 14 - number // 10 % 7)
            began = first.isoformat()
        count = 1 + stable("tvgenres", number) % 2
        genres = dict.fromkeys(
            SERIES_GENRES[stable("tg", number, index) % len(SERIES_GENRES)] for index in range(count)
        )
        return Series(
            name=words(2, "series", number).title(),
            began=began,
            genres=tuple(genres),
            minutes=20 + stable("minutes", number) % 40,
            score=round(4 + stable("score", number) % 50 / 10, 1),
            overview=f"Episodes about {words(5, 'plot', number)}.",
            cast=_cast("tvcast", number, 4),
            crew=(
                (100 + stable("tvcrew", number) % _POOL, "Creator"),
                (100 + stable("tved", number) % _POOL, "Editor"),
            ),
            network=61 + number % 3,
            seasons=seasons,
            running=running or number % 7 == 0,
            country=HOME_OF[language],
            language=language,
        )

    @staticmethod
    def person(number: int) -> Person:
        """The person of an id."""
        if number in PEOPLE:
            return PEOPLE[number]
        known = number % 9 != 0
        return Person(
            words(2, "person", number).title(), number % 4, ("Acting", "Acting", "Directing", "Writing")[number % 4],
            stable_date("born", number) if known else None,
            ("Leeds, England, UK", "Porto, Portugal", "Graz, Austria")[number % 3] if known else None,
        )  # fmt: skip


@lru_cache(maxsize=8)
def rules(today: date) -> Rules:
    """The sample of a day, which the simulators of one process share."""
    return Rules(today)
