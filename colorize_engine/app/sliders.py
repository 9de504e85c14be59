"""The sliders for the colors of a photo."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from nicegui import ui

from colorize_engine.decode import DecodeOptions

if TYPE_CHECKING:
    from nicegui.element import Element

    from colorize_engine.app.tab import Tab


class _Kind(NamedTuple):
    label: str
    low: float
    high: float
    step: float
    tip: str


_KINDS = {
    "temperature": _Kind(
        "vivid - careful",
        0,
        1,
        0.01,
        "Left: the most probable color of each pixel. Right: the mean of all colors, "
        "which is smoother and paler. (temperature)",
    ),
    "rebalance": _Kind(
        "rare colors",
        -1,
        0.5,
        0.01,
        "How strongly rare colors are favored over grayish ones. (rebalance)",
    ),
    "saturation": _Kind("saturation", 0, 2, 0.01, "Strength of the colors."),
    "caution": _Kind(
        "caution",
        0,
        1,
        0.01,
        "Removes color where the networks are unsure.",
    ),
}


class Sliders:
    """A slider for each setting, and a button that sets all back."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._sliders: dict[str, Element] = {}
        self._values: dict[str, ui.label] = {}
        with ui.element("fieldset").classes("sliders"):
            ui.element("legend").classes("unseen").props('innerHTML="Colors"')
            for name, kind in _KINDS.items():
                self._add(name, kind)
            self._reset = ui.button("Reset", on_click=self._set_back)
            self._reset.props('flat dense no-caps title="Set all sliders back"')
        tab.follow(self.refresh)

    def _add(self, name: str, kind: _Kind) -> None:
        with ui.element("label").classes("slider").props(f'title="{kind.tip}"'):
            with ui.element("span").classes("slider-label"):
                ui.label(kind.label)
                self._values[name] = ui.label("").classes("value")
            slider = ui.element("input").mark(name)
            slider.props(
                f"type=range min={kind.low} max={kind.high} step={kind.step} "
                f"data-name={name}"
            )
            slider.on(
                "input",
                lambda event, name=name: self._on_input(name, event.args),
                js_handler="(event) => emit(Number(event.target.value))",
                throttle=0.03,
            )
            # The end of a drag ends the step of undo.
            slider.on("change", lambda _: self._settle(), js_handler="() => emit()")
            self._sliders[name] = slider

    def _on_input(self, name: str, value: Any) -> None:
        photo = self._tab.photo
        if photo is None or not isinstance(value, int | float):
            return
        kind = _KINDS[name]
        value = min(max(float(value), kind.low), kind.high)
        # The slider is there already; to be told so would hold it back.
        self._sliders[name]._props["value"] = value
        self._tab.set_settings(replace(photo.settings, **{name: value}), name)

    def _settle(self) -> None:
        if self._tab.photo is not None:
            self._tab.photo.history.settle()

    async def _set_back(self) -> None:
        photo = self._tab.photo
        # It may wait for the model.
        model = await asyncio.to_thread(self._tab.desk.editor.colorizer)
        if photo is self._tab.photo:
            self._tab.set_settings(DecodeOptions().resolved(model))

    def refresh(self) -> None:
        """Show the settings of the photo."""
        photo = self._tab.photo
        settings = None if photo is None else photo.state.settings
        self._reset.set_enabled(settings is not None)
        for name, slider in self._sliders.items():
            slider.props(remove="disabled") if settings else slider.props("disabled")
            if settings is None:
                continue
            value = float(getattr(settings, name))
            self._values[name].set_text(f"{value:.2f}".replace("-", "\N{MINUS SIGN}"))
            if slider._props.get("value") != value:
                slider._props["value"] = value
                slider.update()
