"""Genres, countries, languages, certifications and the like: what TMDB's configuration lists, in small.

Names that TMDB translates are there in English, German, French and Spanish.
"""

from __future__ import annotations

_GENRES = """
12 Adventure/Abenteuer/Aventure/Aventura
14 Fantasy/Fantasy/Fantastique/Fantasía
16 Animation/Animation/Animation/Animación
18 Drama/Drama/Drame/Drama
27 Horror/Horror/Horreur/Terror
28 Action/Action/Action/Acción
35 Comedy/Komödie/Comédie/Comedia
36 History/Historie/Histoire/Historia
37 Western/Western/Western/Western
53 Thriller/Thriller/Thriller/Suspense
80 Crime/Krimi/Crime/Crimen
99 Documentary/Dokumentarfilm/Documentaire/Documental
878 Science Fiction/Science Fiction/Science-Fiction/Ciencia ficción
9648 Mystery/Mystery/Mystère/Misterio
10402 Music/Musik/Musique/Música
10749 Romance/Liebesfilm/Romance/Romance
10751 Family/Familie/Familial/Familia
10752 War/Kriegsfilm/Guerre/Bélica
10759 Action & Adventure/Action & Adventure/Action & Adventure/Acción y aventura
10762 Kids/Kids/Enfants/Infantil
10763 News/News/Actualités/Noticias
10764 Reality/Reality/Téléréalité/Reality
10765 Sci-Fi & Fantasy/Sci-Fi & Fantasy/Science-Fiction & Fantastique/Ciencia ficción y fantasía
10766 Soap/Soap/Feuilleton/Telenovela
10767 Talk/Talk/Talk/Debate
10768 War & Politics/War & Politics/Guerre & Politique/Guerra y política
10770 TV Movie/TV-Film/Téléfilm/Película de TV
"""
GENRE_NAMES: dict[int, tuple[str, ...]] = {
    int(number): tuple(names.split("/"))
    for number, _, names in (line.partition(" ") for line in _GENRES.split("\n") if line)
}
"""The names of a genre in the order of `TRANSLATED`."""

TRANSLATED = ("en", "de", "fr", "es")
FILM_GENRES = (28, 12, 16, 35, 80, 99, 18, 10751, 14, 36, 27, 10402, 9648, 10749, 878, 10770, 53, 10752, 37)
SERIES_GENRES = (10759, 16, 35, 80, 99, 18, 10751, 10762, 9648, 10763, 10764, 10765, 10766, 10767, 10768, 37)

COUNTRY_NAMES: dict[str, tuple[str, str]] = {
    "US": ("United States of America", "United States"), "GB": ("United Kingdom", "United Kingdom"),
    "DE": ("Germany", "Deutschland"), "FR": ("France", "France"), "JP": ("Japan", "日本"), "IT": ("Italy", "Italia"),
    "AT": ("Austria", "Österreich"), "IE": ("Ireland", "Ireland"), "BR": ("Brazil", "Brasil"),
    "ES": ("Spain", "España"), "CA": ("Canada", "Canada"),
}  # fmt: skip
LANGUAGE_NAMES = {
    "en": ("English", "English"), "de": ("German", "Deutsch"), "fr": ("French", "Français"),
    "es": ("Spanish", "Español"), "ja": ("Japanese", "日本語"), "it": ("Italian", "Italiano"),
    "pt": ("Portuguese", "Português"),
}  # fmt: skip
HOME_OF = {"en": "US", "de": "DE", "fr": "FR", "es": "ES", "ja": "JP", "it": "IT", "pt": "BR"}
"""The country that a language is translated for."""

PROVIDERS = {
    8: "Lanternbox", 9: "Hillside Play", 337: "Cinevine", 350: "Quaystream", 1899: "Moonreel", 700: "Oldfilm Store",
}  # fmt: skip
WATCH_REGIONS = ("US", "GB", "DE", "FR", "ES", "JP")

CERTIFICATIONS = {
    "US": ("NR", "G", "PG", "PG-13", "R", "NC-17"), "GB": ("U", "PG", "12A", "15", "18"),
    "DE": ("0", "6", "12", "16", "18"), "FR": ("TP", "12", "16", "18"), "JP": ("G", "PG12", "R15+", "R18+"),
    "ES": ("APTA", "7", "12", "16", "18"),
}  # fmt: skip
SERIES_CERTIFICATIONS = {
    "US": ("NR", "TV-Y", "TV-Y7", "TV-G", "TV-PG", "TV-14", "TV-MA"), "GB": ("U", "PG", "12A", "15", "18"),
    "DE": ("0", "6", "12", "16", "18"), "FR": ("NR", "10", "12", "16", "18"),
}  # fmt: skip
JOBS = {
    "Director": "Directing", "Writer": "Writing", "Screenplay": "Writing", "Creator": "Writing",
    "Director of Photography": "Camera", "Sound Designer": "Sound", "Producer": "Production", "Editor": "Editing",
}  # fmt: skip
CHANGE_KEYS = (
    "adult", "air_date", "also_known_as", "alternative_titles", "biography", "birthday", "budget", "cast",
    "certifications", "character_names", "created_by", "crew", "deathday", "episode", "episode_number",
    "episode_run_time", "freebase_id", "freebase_mid", "general", "genres", "guest_stars", "homepage", "images",
    "imdb_id", "languages", "name", "network", "origin_country", "original_name", "original_title", "overview", "parts",
    "place_of_birth", "plot_keywords", "production_code", "production_companies", "production_countries", "releases",
    "revenue", "runtime", "season", "season_number", "season_regular", "softcore", "spoken_languages", "status",
    "tagline", "title", "translations", "tvdb_id", "tvrage_id", "type", "video", "videos",
)  # fmt: skip
PRIMARY_TRANSLATIONS = (
    "af-ZA", "ar-SA", "cs-CZ", "da-DK", "de-AT", "de-CH", "de-DE", "el-GR", "en-AU", "en-CA", "en-GB", "en-IE", "en-US",
    "es-ES", "es-MX", "fi-FI", "fr-CA", "fr-FR", "he-IL", "hi-IN", "hu-HU", "it-IT", "ja-JP", "ko-KR", "nl-NL", "no-NO",
    "pl-PL", "pt-BR", "pt-PT", "ru-RU", "sv-SE", "tr-TR", "uk-UA", "zh-CN", "zh-TW",
)  # fmt: skip
TIMEZONES = {
    "AD": ("Europe/Andorra",), "AT": ("Europe/Vienna",), "BR": ("America/Sao_Paulo", "America/Manaus"),
    "CA": ("America/Toronto", "America/Vancouver", "America/Halifax"), "DE": ("Europe/Berlin",),
    "ES": ("Europe/Madrid", "Atlantic/Canary"), "FR": ("Europe/Paris",), "GB": ("Europe/London",),
    "IE": ("Europe/Dublin",), "IT": ("Europe/Rome",), "JP": ("Asia/Tokyo",),
    "US": ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
}  # fmt: skip
SERIES_STATUSES = ("Returning Series", "Planned", "In Production", "Ended", "Canceled", "Pilot")
SERIES_TYPES = ("Documentary", "News", "Miniseries", "Reality", "Scripted", "Talk Show", "Video")
