"""Preferences: what the page offers, and that choices come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from colorize_engine import list_models
from colorize_engine.pretrained import PRECISIONS, RUNTIMES
from napari_colorize.runs import KINDS
from napari_colorize.widget.preferences import DEFAULT, Preferences, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from npe2 import PluginManifest


def chosen() -> Any:
    """Return the settings of the plugin as napari holds them."""
    from napari.settings import get_plugin_settings

    return get_plugin_settings("napari-colorize")


def test_the_models_on_offer_are_those_shipped(plugin: PluginManifest) -> None:
    offered = plugin.contributions.configurations["run"].properties["model"]
    assert offered.enum == [card.name for card in list_models()]
    assert offered.default == "default"


def test_runtimes_and_precisions_are_those_of_the_engine(
    plugin: PluginManifest,
) -> None:
    offered = plugin.contributions.configurations["run"].properties
    assert tuple(offered["runtime"].enum) == RUNTIMES
    assert tuple(offered["precision"].enum) == PRECISIONS
    assert offered["runtime"].default == offered["precision"].default == "auto"


def test_there_is_one_tick_for_each_kind_of_layer(plugin: PluginManifest) -> None:
    ticks = plugin.contributions.configurations["layers"].properties
    assert [key.replace("_", " ") for key in ticks] == list(KINDS)
    assert {tick.type for tick in ticks.values()} == {"boolean"}


def test_at_first_they_are_those_of_the_dataclass(plugin: PluginManifest) -> None:
    assert read() == Preferences()
    assert Preferences() == Preferences(
        "default", "auto", "auto", "auto", 0, DEFAULT, "blank"
    )


def test_choices_are_read_as_they_were_made(plugin: PluginManifest) -> None:
    settings = chosen()
    settings.run.model = "reference-10"
    settings.run.device = " cpu "
    settings.run.runtime = "torch"
    settings.run.precision = "float32"
    settings.run.working_size = 384
    settings.run.not_finite = "error"
    settings.layers.b_probability = False
    settings.layers.colorized = False
    settings.layers.a = True
    kinds = frozenset({"a", "a probability"})
    assert read() == Preferences(
        "reference-10", "cpu", "torch", "float32", 384, kinds, "error"
    )


def test_choices_are_saved_and_come_back_in_the_next_session(
    plugin: PluginManifest, tmp_path: Path
) -> None:
    from napari.settings import _clear_plugin_settings_cache

    before = chosen()
    before.run.working_size = 512
    before.layers.uncertainty = True
    assert (tmp_path / "napari-colorize.yaml").exists()
    _clear_plugin_settings_cache()
    assert chosen() is not before
    assert read().working_size == 512
    assert read().layers == DEFAULT | {"uncertainty"}


@pytest.mark.parametrize("device", ["", "  "])
def test_a_device_that_was_cleared_is_auto(plugin: PluginManifest, device: str) -> None:
    chosen().run.device = device
    assert read().device == "auto"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("model", "no-such"),
        ("working_size", -1),
        ("runtime", "tf"),
        ("not_finite", "zero"),
    ],
)
def test_napari_refuses_a_choice_that_cannot_be(
    plugin: PluginManifest, name: str, wrong: object
) -> None:
    with pytest.raises(ValueError, match=name):
        setattr(chosen().run, name, wrong)


def test_a_file_of_another_version_does_no_harm(
    plugin: PluginManifest, tmp_path: Path
) -> None:
    file = tmp_path / "napari-colorize.yaml"
    file.write_text("run:\n  gone: 1\n  working_size: 320\n")
    assert read() == Preferences(working_size=320)


def test_without_the_plugin_registered_they_are_the_defaults(
    npe2pm: object, plugin_settings: None
) -> None:
    assert read() == Preferences()


def test_with_an_older_napari_they_are_the_defaults(
    plugin: PluginManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen().run.working_size = 512
    monkeypatch.delattr("napari.settings.get_plugin_settings")
    assert read() == Preferences()


def test_the_preferences_page_shows_them_all(
    plugin: PluginManifest, make_napari_viewer_proxy: Callable[[], Any], qtbot: Any
) -> None:
    make_napari_viewer_proxy()
    from napari._qt.dialogs.preferences_dialog import PreferencesDialog
    from qtpy.QtWidgets import QCheckBox, QComboBox, QLabel

    dialog = PreferencesDialog()
    qtbot.addWidget(dialog)
    names = [dialog._list.item(i).text() for i in range(dialog._list.count())]
    page = dialog._stack.widget(names.index("Colorize"))
    labels = {label.text() for label in page.findChildren(QLabel)}
    assert {"Default model", "Device", "Working size (0: the model's own)"} <= labels
    assert len(page.findChildren(QCheckBox)) == len(KINDS)
    shown = [
        tuple(box.itemText(i) for i in range(box.count()))
        for box in page.findChildren(QComboBox)
    ]
    models = tuple(card.name for card in list_models())
    assert set(shown) == {models, RUNTIMES, PRECISIONS, ("blank", "error")}
