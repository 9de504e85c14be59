"""The option ``--export-onnx``: the nets of a model for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from colorize_engine.cli.loading import name_or_path

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME, _TAKEN = "export_onnx", ("export_onnx", "model", "overwrite")


class ExportOption(click.Option):
    """An option that takes the place of PHOTO and OUT, and ends the program."""

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> Any:
        """Export if the option is given, wherever the options that it takes stand."""
        if _NAME in opts and not ctx.resilient_parsing:
            for parameter in ctx.command.params:
                if parameter.name not in _TAKEN and _is_given(opts, parameter):
                    photos = not isinstance(parameter, click.Option)
                    name = "PHOTO" if photos else parameter.opts[-1]
                    raise click.UsageError(f"--export-onnx goes without {name}")
            taken = {name: opts[name] for name in _TAKEN if name in opts}
            click.echo(_export(taken.pop(_NAME), **taken))
            ctx.exit()
        return super().handle_parse_result(ctx, opts, args)


def _is_given(opts: Mapping[str, Any], parameter: click.Parameter) -> bool:
    # Of a PHOTO that is not given, click has an empty tuple, None or a mark of its own.
    value = opts.get(str(parameter.name))
    return isinstance(value, (str, tuple, list, bool)) and bool(value)


def _export(out: str, model: str = "default", overwrite: bool = False) -> str:
    """Export a model; return the line that says so.

    Raises
    ------
    click.UsageError
        If the model cannot be exported, or the folder cannot be written.
    """
    from colorize_engine.batch import explained
    from colorize_engine.exchange import export_onnx

    if not out:
        raise click.UsageError("--export-onnx needs a folder")
    try:
        card = export_onnx(name_or_path(model), out, overwrite=overwrite)
    except (OSError, ValueError) as error:
        raise click.UsageError(explained(error, Path())) from error
    return f"{card.label}: {Path(out, 'a')}, {Path(out, 'b')}"
