"""All topics, in the order of the help."""

from __future__ import annotations

from colorize_engine.cli.options.colors import COLORS
from colorize_engine.cli.options.films import FILMS
from colorize_engine.cli.options.folders import FOLDERS
from colorize_engine.cli.options.hints import HINTS
from colorize_engine.cli.options.input import INPUT
from colorize_engine.cli.options.nets import NETS
from colorize_engine.cli.options.output import OUTPUT
from colorize_engine.cli.options.stacks import STACKS

TOPICS = (OUTPUT, INPUT, COLORS, HINTS, FOLDERS, FILMS, STACKS, NETS)
