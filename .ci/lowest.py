"""The lowest versions that pyproject.toml allows, printed as constraints for pip.

    python .ci/lowest.py [EXTRA ...] > lowest.txt

The requirements are those of the package and of the named extras. If two of them name
the same package, the higher bound counts, as it does for pip.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def lowest(project: dict[str, Any], extras: Iterable[str] = ()) -> dict[str, Version]:
    """Return the lowest version of each package that has a lower bound."""
    texts = [*project["dependencies"]]
    for extra in extras:
        texts += project["optional-dependencies"][extra]
    bounds: dict[str, Version] = {}
    for requirement in map(Requirement, texts):
        name = canonicalize_name(requirement.name)
        for limit in requirement.specifier:
            if limit.operator == ">=":
                bound = Version(limit.version)
                bounds[name] = max(bound, bounds.get(name, bound))
    return bounds


if __name__ == "__main__":
    data = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    for name, version in sorted(lowest(data["project"], sys.argv[1:]).items()):
        print(f"{name}=={version}")
