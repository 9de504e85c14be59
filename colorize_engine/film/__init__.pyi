from .codecs import CODECS
from .coloring import FilmSettings, color_film
from .film_stack import FilmStack
from .kinds import FORMATS, check_extra, is_film

__all__ = [
    "CODECS",
    "FORMATS",
    "FilmSettings",
    "FilmStack",
    "check_extra",
    "color_film",
    "is_film",
]
