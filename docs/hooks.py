"""Pages of the site that lie outside of ``docs``, and the links to and from them.

mkdocs calls the functions, as ``mkdocs.yml`` names this file. Links are written as the
files lie in the repository, so that they work there too; here they are turned into
those of the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
OUTSIDE = (
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "training/RUNS.md",
    "training/SOURCES.md",
)
# Written by benchmarks, whose figures are those of one machine.
GENERATED = ("benchmarks.md", "edges.md")

_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)([^)#\s]+)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leave pages out of the menu that are not made yet."""
    missing = {name for name in GENERATED if not (ROOT / "docs" / name).is_file()}
    config.nav = _without(config.nav, missing)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside of ``docs``, under their path in the repository."""
    for name in OUTSIDE:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Turn links between files of the repository into links between pages."""
    here = page.file.src_uri
    folder = posixpath.dirname(here if here in OUTSIDE else f"docs/{here}")

    def site_link(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, match[1]))
        if path not in OUTSIDE and not path.startswith("docs/"):
            return match[1]
        target = path.removeprefix("docs/")
        return posixpath.relpath(target, posixpath.dirname(here) or ".")

    return _LINK.sub(site_link, markdown)


def _without(entries: list[object], missing: set[str]) -> list[object]:
    """Return the entries of a menu without those of missing pages."""
    kept: list[object] = []
    for entry in entries:
        if isinstance(entry, dict):
            ((title, value),) = entry.items()
            if value in missing if isinstance(value, str) else False:
                continue
            inner = _without(value, missing) if isinstance(value, list) else value
            kept.append({title: inner})
        elif entry not in missing:
            kept.append(entry)
    return kept
