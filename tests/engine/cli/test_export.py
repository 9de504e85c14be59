"""The option ``--export-onnx``: what it writes, and one line for what it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from colorize_engine.cli import command as cli
from colorize_engine.pretrained import read_card

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command: exit code, lines of stdout and of stderr."""

    def call(*words: object) -> tuple[int, list[str], list[str]]:
        with pytest.raises(SystemExit) as exit_info:
            cli.main([str(word) for word in words])
        out, err = capsys.readouterr()
        return exit_info.value.code, out.splitlines(), err.splitlines()

    return call


@pytest.mark.parametrize("first", ["--export-onnx", "--model"])
def test_both_nets_of_the_model_are_written(
    tmp_path: Path, run: Run, tiny_model: Path, first: str
) -> None:
    out = tmp_path / "new" / "nets"
    pairs = {"--export-onnx": out, "--model": tiny_model}
    words = [first, pairs.pop(first), *(w for pair in pairs.items() for w in pair)]
    label = read_card(tiny_model).label
    assert run(*words) == (0, [f"{label}: {out / 'a'}, {out / 'b'}"], [])
    assert (out / "a" / "a.onnx").exists() and (out / "b" / "b.onnx").exists()
    code, lines, errors = run(*words)
    assert (code, lines) == (2, [])
    file = out / "a" / "a.onnx"
    assert errors == [f"colorize: {file} exists; give --overwrite to replace it"]
    file.write_bytes(b"")
    assert run(*words, "--overwrite")[0] == 0
    assert file.read_bytes()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("photo.png",), "PHOTO"),
        (("-o", "color"), "--output"),
        (("--probabilities",), "--probabilities"),
        (("--temperature", "0.5"), "--temperature"),
        (("--hint", "1,2,#ffffff"), "--hint"),
    ],
)
def test_what_would_have_no_effect_is_refused(
    tmp_path: Path, run: Run, words: tuple[str, ...], name: str
) -> None:
    export = "--export-onnx", tmp_path / "out"
    for given in ((*export, *words), (*words, *export)):
        error = f"colorize: --export-onnx goes without {name}"
        assert run(*given) == (2, [], [error])
    assert not (tmp_path / "out").exists()


def test_errors_are_one_line(tmp_path: Path, run: Run, torch_model: Path) -> None:
    (tmp_path / "file").write_text("")
    broken = tmp_path / "broken"
    broken.mkdir()
    cases = {
        ("no-such-model", "out"): "there is no model 'no-such-model'",
        (torch_model, "out"): f"the model {torch_model} has no a.onnx",
        (broken, "out"): f"{broken} is not a model folder: it lacks card.json",
        ("default", "file"): f"cannot write {tmp_path / 'file' / 'a'}: ",
    }
    for (model, out), message in cases.items():
        words = ("--export-onnx", tmp_path / out, "--model", model)
        code, lines, errors = run(*words)
        assert (code, lines, len(errors)) == (2, [], 1)
        assert errors[0].startswith(f"colorize: {message}")
    assert run("--export-onnx", "")[2] == ["colorize: --export-onnx needs a folder"]


def test_a_photo_is_still_asked_for(run: Run) -> None:
    error = "colorize: Missing argument 'PHOTO...'. Try 'colorize --help'."
    assert run("-o", "x") == (2, [], [error])
