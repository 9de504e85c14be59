"""A topic: options that a person looks for together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import click


class Topic(NamedTuple):
    """Options that belong together, and what holds for all of them.

    Parameters
    ----------
    name : str
        As in ``colorize --help NAME``.
    title : str
        A few words.
    text : str
        Paragraphs.
    options : tuple of click.Option
    examples : tuple of str, optional
        Lines of a shell.
    """

    name: str
    title: str
    text: str
    options: tuple[click.Option, ...]
    examples: tuple[str, ...] = ()
