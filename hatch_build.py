"""Project URLs of wheel and sdist, known where GitHub builds them."""

from __future__ import annotations

import os
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Urls(MetadataHookInterface):
    """The repository that a workflow runs in; elsewhere there are no URLs."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the URLs of the repository."""
        repository = os.environ.get("GITHUB_REPOSITORY")
        if repository:
            home = f"{os.environ['GITHUB_SERVER_URL']}/{repository}"
            metadata["urls"] = {
                "Source": home,
                "Issues": f"{home}/issues",
                "Changelog": f"{home}/blob/main/CHANGELOG.md",
            }
