from .codecs import CODECS
from .color_film import FilmSettings, color_film
from .film_stack import FilmStack
from .kinds import FORMATS, SUFFIXES, is_film

__all__ = [
    "CODECS",
    "FORMATS",
    "SUFFIXES",
    "FilmSettings",
    "FilmStack",
    "color_film",
    "is_film",
]
