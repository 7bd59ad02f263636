"""The sample films, series and people that the simulator knows by name. All are invented, film 11 apart.

Film 11 stands in with a few facts because the first thing that anyone tries is film 11. The rest of the sample is made
by rules (`_rules`).
"""

from __future__ import annotations

from typing import NamedTuple


class Film(NamedTuple):
    """A film. `cast` and `crew` pair a person's id with a character, or with a job."""

    title: str
    released: str
    genres: tuple[int, ...]
    minutes: int
    score: float
    overview: str
    cast: tuple[tuple[int, str], ...]
    crew: tuple[tuple[int, str], ...]
    companies: tuple[int, ...]
    country: str = "US"
    language: str = "en"
    imdb_id: str = ""
    collection: int | None = None


class Series(NamedTuple):
    """A television series. `seasons` has the number of episodes of each season, from season 1."""

    name: str
    began: str
    genres: tuple[int, ...]
    minutes: int
    score: float
    overview: str
    cast: tuple[tuple[int, str], ...]
    crew: tuple[tuple[int, str], ...]
    network: int
    seasons: tuple[int, ...]
    running: bool = False
    country: str = "US"
    language: str = "en"


class Person(NamedTuple):
    """A person. `gender` counts as TMDB does: 1 female, 2 male, 3 non-binary, 0 not said."""

    name: str
    gender: int
    department: str
    born: str | None
    birthplace: str | None


PEOPLE: dict[int, Person] = {
    1: Person("George Lucas", 2, "Directing", "1944-05-14", "Modesto, California, USA"),
    2: Person("Mark Hamill", 2, "Acting", "1951-09-25", "Oakland, California, USA"),
    3: Person("Harrison Ford", 2, "Acting", "1942-07-13", "Chicago, Illinois, USA"),
    4: Person("Carrie Fisher", 1, "Acting", "1956-10-21", "Burbank, California, USA"),
    21: Person("Ottoline Marsh", 1, "Acting", "1979-03-02", "Whitby, England, UK"),
    22: Person("Dario Veltri", 2, "Acting", "1968-11-19", "Bari, Italy"),
    23: Person("June Abernathy-Cole", 1, "Directing", "1974-06-30", "Duluth, Minnesota, USA"),
    24: Person("Tomasz Wilk", 2, "Camera", "1981-01-08", "Gdynia, Poland"),
    25: Person("Imani Okoro", 1, "Acting", "1990-08-14", "Enugu, Nigeria"),
    26: Person("Lev Harbourne", 2, "Writing", "1962-04-25", None),
    27: Person("Soraya Benali", 1, "Acting", "1986-12-05", "Oran, Algeria"),
    28: Person("Casper Lindqvist", 2, "Acting", "1993-02-17", "Luleå, Sweden"),
    29: Person("Wren Castellane", 3, "Acting", "1997-09-09", "Halifax, Canada"),
    30: Person("Hideo Matsuba", 2, "Directing", "1958-07-21", "Nagano, Japan"),
    31: Person("Birgit Aschauer", 1, "Sound", None, None),
    32: Person("Solomon Pryce", 2, "Acting", "1949-05-01", "Cardiff, Wales, UK"),
}

FILMS: dict[int, Film] = {
    11: Film(
        "Star Wars", "1977-05-25", (12, 28, 878), 121, 8.2,
        "A farm hand, a smuggler and a princess take on an empire that has built a weapon as large as a moon.",
        ((2, "Luke Skywalker"), (3, "Han Solo"), (4, "Princess Leia Organa")), ((1, "Director"), (1, "Writer")),
        (1,), imdb_id="tt0076759", collection=10,
    ),
    12: Film(
        "The Lantern Coast", "2016-09-14", (18, 9648), 112, 7.4,
        "A lighthouse keeper answers a ship that was lost forty years ago.",
        ((21, "Nell Farrow"), (32, "Captain Ames")), ((23, "Director"), (26, "Screenplay")), (2,), "GB",
    ),
    13: Film(
        "Paper Falcons", "2019-03-29", (16, 10751), 94, 7.9,
        "Two sisters fold a bird that will not stay on the desk.",
        ((25, "Temi"), (29, "Kit")), ((30, "Director"),), (3,), "JP", "ja", collection=40,
    ),
    14: Film(
        "Paper Falcons: The Long Wind", "2022-04-08", (16, 10751), 101, 7.1,
        "The sisters follow the bird as far as the weather goes.",
        ((25, "Temi"), (29, "Kit")), ((30, "Director"),), (3,), "JP", "ja", collection=40,
    ),
    15: Film(
        "Eleven Quiet Minutes", "2008-11-07", (53, 80), 88, 6.8,
        "A safe, a stopped clock and a thief who is early.",
        ((22, "Sal"), (27, "Amira")), ((23, "Director"), (24, "Director of Photography")), (4,), "IT", "it",
    ),
    16: Film(
        "Salt and Signal", "2013-02-22", (878, 18), 127, 7.6,
        "A radio operator on a drying sea hears her own voice, a day ahead.",
        ((27, "Yara"), (28, "Jonas")), ((30, "Director"), (26, "Writer")), (2, 4),
    ),
    17: Film(
        "The Cartographer's Excuse", "1994-06-17", (35, 10749), 99, 6.5,
        "A map maker draws a town to impress a stranger, and has to build it.",
        ((32, "Mr. Pell"), (21, "Odile")), ((26, "Director"),), (4,), "FR", "fr",
    ),
    18: Film(
        "Ninth Orchard", "2021-10-15", (27, 9648), 106, 6.2,
        "An inherited orchard bears fruit that nobody planted.",
        ((29, "Robin"), (25, "Ada")), ((23, "Director"), (31, "Sound Designer")), (2,),
    ),
    19: Film(
        "Gravel Kings", "1987-08-05", (28, 80), 103, 5.9,
        "Rival quarry crews race for a road that is on no contract.",
        ((22, "Bruno"), (3, "The Foreman")), ((26, "Writer"),), (1,),
    ),
    20: Film(
        "A Winter's Ledger", "2003-12-19", (18,), 134, 7.7,
        "The last bookkeeper of a frozen port settles every debt but one.",
        ((32, "Ledger"), (27, "Mina")), ((30, "Director"), (24, "Director of Photography")), (3,), "DE", "de",
    ),
    21: Film(
        "Small Hours Radio", "2024-05-03", (35, 18), 96, 7.0,
        "Four strangers share one night shift and a broken transmitter.",
        ((28, "Pim"), (25, "Dee"), (29, "Jules")), ((23, "Director"),), (2,), "GB",
    ),
    22: Film(
        "The Star Warden", "1999-07-30", (878, 12), 118, 6.6,
        "A caretaker looks after a dead star until somebody moves in.",
        ((21, "The Warden"), (28, "Ives")), ((30, "Director"),), (1, 3),
    ),
    23: Film(
        "Under the Copper Bridge", "2011-09-09", (99,), 82, 7.3,
        "A year in the life of the people who repaint one bridge.", (), ((31, "Director"),), (4,), "AT", "de",
    ),
    24: Film(
        "Thicket", "2026-01-16", (14, 12), 115, 6.9,
        "A hedge grows across a country overnight, and one girl knows the way through.",
        ((29, "Bramble"), (32, "The Gardener")), ((23, "Director"),), (2, 3), "IE",
    ),
}  # fmt: skip

SERIES: dict[int, Series] = {
    41: Series(
        "Harbour Nights", "2015-01-11", (80, 18), 52, 8.1,
        "Night-shift detectives keep the peace in a port that never closes.",
        ((21, "DI Frances Hale"), (22, "Sgt. Moretti")), ((26, "Creator"),), 61, (6, 6, 4), False, "GB",
    ),
    42: Series(
        "The Understudies", "2020-09-18", (35,), 24, 7.5,
        "A theatre company in which the leads are always ill.",
        ((25, "Bex"), (28, "Magnus"), (29, "Fig")), ((23, "Creator"),), 62, (8, 8), True,
    ),
    43: Series(
        "Kilometre Zero", "2018-04-02", (10765, 9648), 47, 8.4,
        "Every road of a country ends at the same milestone, and one morning the milestone is gone.",
        ((27, "Leila Haddad"), (32, "The Surveyor")), ((30, "Creator"),), 62, (5, 5), True, "FR", "fr",
    ),
    44: Series(
        "Clockwork Meadow", "2012-06-24", (16, 10751), 11, 7.2,
        "Tin animals wind each other up and try to be on time.",
        ((29, "Tick"), (25, "Tock")), ((30, "Creator"),), 63, (10,), False, "JP", "ja",
    ),
    45: Series(
        "Five Empty Chairs", "2023-02-13", (9648, 18), 50, 7.8,
        "Five jurors vanish on five evenings; the trial goes on.",
        ((22, "Judge Corsi"), (21, "Clara Venn")), ((26, "Creator"), (24, "Director of Photography")), 61, (4,),
    ),
}  # fmt: skip

COMPANIES: dict[int, tuple[str, str]] = {
    1: ("Lucasfilm Ltd.", "US"),
    2: ("Saltmarsh Pictures", "GB"),
    3: ("Yukidoro Works", "JP"),
    4: ("Cinque Porte Film", "IT"),
}
NETWORKS: dict[int, tuple[str, str]] = {
    61: ("Channel Quay", "GB"),
    62: ("Lanternbox", "US"),
    63: ("Hoshi Television", "JP"),
}
COLLECTIONS: dict[int, str] = {10: "Star Wars Collection", 40: "Paper Falcons Collection"}
KEYWORDS: dict[int, str] = {
    801: "lighthouse", 802: "origami", 803: "heist", 804: "radio", 805: "time loop", 806: "cartography",
    807: "orchard", 808: "night shift", 809: "space opera", 810: "small town", 811: "bridge", 812: "courtroom",
}  # fmt: skip
