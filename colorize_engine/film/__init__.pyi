from .codecs import CODECS
from .coloring import FilmSettings, color_film
from .film_stack import FilmStack
from .kinds import FORMATS, is_film

__all__ = [
    "CODECS",
    "FORMATS",
    "FilmSettings",
    "FilmStack",
    "color_film",
    "is_film",
]
