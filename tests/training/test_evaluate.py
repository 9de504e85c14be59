"""The table, its files and its sheets, from a folder of photos to the figures."""

import csv
import json

import numpy as np
import pytest
from PIL import Image
from skimage import data

from colorize_engine.bins import ChannelBins
from colorize_engine.color import lightness, srgb_to_lab
from colorize_engine.colorizer import Colorizer
from training.evaluate import evaluate, main
from training.photos import Photo, find_photos, select
from training.scoring import Sheets
from training.scoring.sheets import TILE, ContactSheet
from training.scoring.sweep import REBALANCES, TEMPERATURES

SKY, GRASS, EARTH, ROSE = (90, 140, 220), (70, 120, 40), (60, 40, 25), (240, 190, 200)


def drawn():
    """Draw four flat colors of different lightness, with sky in the top third."""
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[:100], picture[100:150], picture[150:200] = SKY, GRASS, EARTH
    picture[200:] = ROSE
    return picture


def colorizer(color_of=None):
    """Make a model that is certain of the four colors, told by their lightness.

    ``color_of`` gives the color that it answers for each true one.
    """
    true = np.array([[SKY, GRASS, EARTH, ROSE]], np.uint8)
    levels = lightness(true)[0]
    answer = true if color_of is None else np.array([[color_of] * 4], np.uint8)
    lab = srgb_to_lab(np.concatenate([true, answer]))
    centers = [np.unique(lab[..., channel]) for channel in (1, 2)]

    def predict(light):
        nearest = np.abs(light - levels[:, None, None]).argmin(0)
        logits = []
        for channel, at in zip((1, 2), centers, strict=True):
            wanted = lab[1, nearest, channel]
            logits.append(np.where(at[:, None, None] == wanted, 20, 0).astype("f4"))
        return tuple(logits)

    return Colorizer(predict, *map(ChannelBins.unweighted, centers))


@pytest.fixture
def folder(tmp_path):
    """Photos 1 to 4: drawn, coffee, drawn upside down, cat."""
    path = tmp_path / "photos"
    path.mkdir()
    pictures = (drawn(), data.coffee(), drawn()[::-1], data.cat())
    for number, picture in enumerate(pictures, 1):
        Image.fromarray(picture).save(path / f"photo-{number}.png")
    return path


def test_a_model_that_knows_the_truth_is_perfect_and_gray_is_not():
    gray, knowing = evaluate([("drawn", drawn())], {"knowing": colorizer()})
    assert (gray.name, knowing.name) == ("gray", "knowing")
    figures = knowing.summary()
    # An error in the last digit of a float already misses the threshold 0 of 151.
    assert figures["auc"] > 99.3
    assert figures["auc_rebalanced"] > 99.3
    assert figures["de00"] < 0.5
    assert figures["psnr"] > 40
    assert figures["ssim"] > 0.99
    assert abs(figures["delta_cf"]) < 1
    assert figures["l_error"] < 0.3
    assert figures["blue_sky"] == figures["green"] == 100
    for channel in "ab":
        assert figures[f"ece_{channel}"] < 1e-3
        assert figures[f"nll_{channel}"] < 1e-3 < figures[f"prior_nll_{channel}"]
    baseline = gray.summary()
    assert max(baseline["auc_rebalanced"], baseline["auc"]) < 90
    assert baseline["psnr"] < 25
    assert baseline["blue_sky"] == baseline["green"] == 0


def test_a_model_that_sees_red_everywhere_is_found_out():
    _, red = evaluate([("drawn", drawn())], {"red": colorizer(color_of=(200, 60, 50))})
    figures = red.summary()
    assert figures["cast_a"] > 20
    assert figures["blue_sky"] == figures["green"] == 0
    assert figures["nll_a"] > 10
    assert figures["ece_a"] > 0.9


def test_decode_settings_reach_the_model():
    photos = [("drawn", drawn())]
    models = {"knowing": colorizer()}
    sharp = evaluate(photos, models, temperature=0.0)[1].summary()
    unsure = colorizer()
    certain = unsure.predictor
    unsure.predictor = lambda light: tuple(z / 20 for z in certain(light))
    mode = evaluate(photos, {"unsure": unsure}, temperature=0.0)[1].summary()
    mean = evaluate(photos, {"unsure": unsure}, temperature=1.0)[1].summary()
    assert mode["auc"] == pytest.approx(sharp["auc"])
    assert mean["chroma"] < mode["chroma"]


def test_no_photo_is_an_error():
    with pytest.raises(ValueError, match="no photo"):
        evaluate([], {})


def test_the_command_writes_tables_sheets_and_the_sweep(
    folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(Colorizer, "from_pretrained", lambda name, device: colorizer())
    out = tmp_path / "out"
    arguments = ["--photos", str(folder), "--models", "one", "runs/two", "--sweep"]
    main([*arguments, "--out", str(out), "--sheet", "1"])
    text = (out / "table.md").read_text()
    assert capsys.readouterr().out == text
    assert text.startswith("2 photos (odd) of photos")
    names = [line.split("|")[1].strip() for line in text.splitlines() if "|" in line]
    assert names == ["", "--------", "gray", "one", "runs/two"] * 3

    table = json.loads((out / "table.json").read_text())
    assert [row["name"] for row in table["rows"]] == ["gray", "one", "runs/two"]
    assert table["rows"][1]["auc"] == table["rows"][2]["auc"] > 99
    assert f"{table['rows'][0]['auc_rebalanced']:.2f}" in text

    with (out / "photos.csv").open() as file:
        photos = list(csv.DictReader(file))
    assert len(photos) == 6
    assert {row["photo"] for row in photos} == {"photo-1.png", "photo-3.png"}
    true_cf = table["rows"][1]["cf"] - table["rows"][1]["delta_cf"]
    with (out / "sweep.csv").open() as file:
        points = list(csv.DictReader(file))
    assert points[0]["model"] == "gray"
    gray = table["rows"][0]["auc_rebalanced"]
    assert float(points[0]["auc_rebalanced"]) == pytest.approx(gray, abs=0.5)
    assert points[1]["model"] == "truth"
    assert float(points[1]["cf"]) == pytest.approx(true_cf, rel=0.02)
    assert len(points) == 2 + 2 * len(REBALANCES) * len(TEMPERATURES)
    at_mode = next(p for p in points if p["temperature"] == "0.0")
    assert float(at_mode["auc"]) > 99.3
    assert float(at_mode["cf"]) == pytest.approx(table["rows"][1]["cf"], rel=0.02)
    with Image.open(out / "sweep.png") as plot:
        assert plot.width > plot.height
    with Image.open(out / "sheet.png") as sheet:
        assert sheet.width == 4 * TILE
    assert (out / "worst-one.png").is_file()
    assert (out / "worst-runs-two.png").is_file()


def test_photos_are_listed_worst_first(folder, tmp_path):
    main(["--photos", str(folder), "--models", "--parity", "all", "--out", str(folder)])
    with (folder / "photos.csv").open() as file:
        errors = [float(row["de00"]) for row in csv.DictReader(file)]
    assert len(errors) == 4
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "no-such-model"], "no-such-model"),
        (["--photos", "nowhere"], "nowhere does not exist"),
        (["--parity", "prime"], "invalid choice"),
        (["--temperature", "2"], "0..1, got 2"),
    ],
)
def test_wrong_usage_ends_in_a_message(folder, tmp_path, capsys, arguments, message):
    usual = ["--photos", str(folder), "--models", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as caught:
        main([*usual, *arguments])
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_a_broken_photo_is_named(folder, tmp_path, capsys):
    (folder / "photo-5.png").write_bytes(b"no picture")
    with pytest.raises(SystemExit):
        main(["--photos", str(folder), "--models", "--out", str(tmp_path / "out")])
    assert "photo-5.png" in capsys.readouterr().err


def test_parity_goes_by_the_number_at_the_end_of_the_name(folder):
    photos = find_photos(folder)
    chosen = {parity: select(photos, parity, 0) for parity in ("even", "odd", "all")}
    assert [p.name for p in chosen["even"]] == ["photo-2.png", "photo-4.png"]
    assert [p.name for p in chosen["odd"]] == ["photo-1.png", "photo-3.png"]
    assert chosen["all"] == photos
    assert select(photos, "odd", 1) == chosen["odd"][:1]
    with pytest.raises(ValueError, match="has an odd number"):
        select(chosen["even"], "odd", 0)


def test_parity_of_a_name_without_a_number_is_an_error(folder):
    photo = Photo("2024/beach.png", folder / "beach.png")
    with pytest.raises(ValueError, match=r"beach\.png .* --parity all"):
        select([photo], "odd", 0)


def test_contact_sheet_holds_the_highest_keys_in_order(tmp_path):
    sheet = ContactSheet(("left", "right"), 2)
    for level in (10, 200, 50, 120):
        picture = np.full((8, 8, 3), level, np.uint8)
        sheet.offer(level, f"photo {level}", [picture, 255 - picture])
    sheet.save(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as image:
        pixels = np.asarray(image)
    row = pixels[TILE // 2, :, 0]
    second = row.size - 2 * TILE
    assert (row[TILE // 2], row[TILE + TILE // 2]) == (200, 55)
    assert (row[second + TILE // 2], row[second + TILE + TILE // 2]) == (120, 135)


def test_the_seed_alone_chooses_the_photos_of_a_sheet(tmp_path):
    rng = np.random.default_rng(0)
    pictures = {
        f"{i}.png": rng.integers(0, 255, (16, 16, 3), np.uint8) for i in range(20)
    }

    def sheet_of(names, seed):
        sheets = Sheets(("gray",), 3, seed)
        for name in names:
            truth = type("Truth", (), {"name": name, "rgb": pictures[name]})
            sheets.offer(truth, [pictures[name]], [])
        sheets.save(tmp_path)
        return (tmp_path / "sheet.png").read_bytes()

    names = list(pictures)
    assert sheet_of(names, 0) == sheet_of(names[::-1], 0) != sheet_of(names, 1)
