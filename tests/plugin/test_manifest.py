"""The manifest: found by napari, valid, and in the menus where people look."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import colorize_engine
import napari_colorize

if TYPE_CHECKING:
    from collections.abc import Callable

    from npe2 import PluginManifest

ROOT = Path(colorize_engine.__file__).parents[1]
COMMAND = "napari-colorize.colorize"


def test_the_entry_point_names_the_manifest_beside_the_package() -> None:
    (found,) = entry_points(group="napari.manifest", name="napari-colorize")
    assert found.value == "napari_colorize:napari.yaml"
    inside = Path(napari_colorize.__file__).with_name("napari.yaml")
    assert inside.read_text() == (ROOT / "napari.yaml").read_text()


def test_the_manifest_carries_the_name_that_napari_expects(
    plugin: PluginManifest,
) -> None:
    assert (plugin.name, plugin.display_name) == ("napari-colorize", "Colorize")


def test_every_command_leads_to_something_that_can_be_called(
    plugin: PluginManifest,
) -> None:
    from npe2 import PluginManager

    plugin.validate_imports()
    registry = PluginManager.instance().commands
    for command in plugin.contributions.commands:
        assert callable(registry.get(command.id)), command.id


def test_it_has_two_widgets_a_writer_and_at_least_five_samples(
    plugin: PluginManifest,
) -> None:
    given = plugin.contributions
    assert [w.display_name for w in given.widgets] == ["Colorize", "Colorize inspector"]
    (writer,) = given.writers
    assert {".png", ".tif", ".tiff", ".jpg", ".webp", ".jxl"} <= set(
        writer.filename_extensions
    )
    assert len({sample.key for sample in given.sample_data}) >= 5


@pytest.mark.parametrize(
    "menu", ["napari/layers/filter", "napari/plugins/napari-colorize"]
)
def test_the_command_is_in_the_menu(
    menu: str, plugin: PluginManifest, make_napari_viewer_proxy: Callable[[], Any]
) -> None:
    make_napari_viewer_proxy()
    from napari._app_model import get_app_model

    items = get_app_model().menus.get_menu(menu)
    found = [item.command for item in items if item.command.id == COMMAND]
    assert [command.title for command in found] == ["Colorize (Colorize)"]


def test_the_command_of_the_menu_opens_the_widget_in_a_dock(
    plugin: PluginManifest, make_napari_viewer_proxy: Callable[[], Any]
) -> None:
    viewer = make_napari_viewer_proxy()
    from napari._app_model import get_app_model

    get_app_model().commands.execute_command(COMMAND).result()
    assert list(viewer.window.dock_widgets) == ["Colorize (Colorize)"]


def test_the_inspector_opens_in_a_dock(
    plugin: PluginManifest, make_napari_viewer_proxy: Callable[[], Any]
) -> None:
    from napari_colorize.inspector import Inspector

    viewer = make_napari_viewer_proxy()
    _, widget = viewer.window.add_plugin_dock_widget(
        "napari-colorize", "Colorize inspector"
    )
    assert isinstance(widget, Inspector)
