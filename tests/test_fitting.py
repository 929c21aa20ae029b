"""Pictures, as they are looked at; and how they are fitted to what a net was trained on."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import tfmlp
from tfmlp.data.fitting import Fitting
from tfmlp.data.framing import Framing, measure_framing
from tfmlp.data.ink import find_ink
from tfmlp.data.pictures import read_picture
from tfmlp.data.schema import Schema
from tfmlp.errors import DataError, TfmlpWarning

GRAY = Schema("classification", (28, 28, 1), "uint8", class_names=("a", "b"))
COLOR = dataclasses.replace(GRAY, feature_shape=(32, 32, 3))
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def digits():
    return tfmlp.load_dataset("mnist-small").train.images


@pytest.fixture(scope="module")
def framing(digits):
    return measure_framing(digits)


@pytest.fixture
def fit(framing):
    return Fitting(GRAY, framing).fit


def seven(size=100, at=(20, 20), scale=1.0, ground=(255,) * 3, ink=(0,) * 3, width=9):
    image = Image.new("RGB", (size, size), ground)
    corners = [(0, 0), (40, 0), (12, 56)]
    line = [(at[0] + scale * x, at[1] + scale * y) for x, y in corners]
    ImageDraw.Draw(image).line(line, fill=ink, width=round(width * scale), joint="curve")
    return np.asarray(image)


def center_of(image):
    weights = image[..., 0].astype(float)
    rows, columns = np.indices(weights.shape)
    return np.array([(rows * weights).sum(), (columns * weights).sum()]) / weights.sum()


def box_of(image, least=1):
    rows, columns = np.nonzero(image[..., 0] >= least)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def distance(made, expected):
    """The mean difference of two images, one of which may be moved by a pixel: centers of mass are
    rounded to whole ones.
    """
    moved = [np.roll(made, by, (0, 1)).astype(float) for by in np.ndindex(3, 3)]
    return min(np.abs(np.roll(one, (-1, -1), (0, 1)) - expected).mean() for one in moved)


def test_the_framing_of_mnist_is_what_is_published_of_it(framing):
    assert (framing.ground, framing.ink, framing.extent) == (0, 255, 20)
    assert framing.is_plain and framing.by_mass
    assert np.allclose(framing.mass_center, 14, atol=0.05)
    assert Framing.from_dict(framing.to_dict()) == framing


def test_the_framing_follows_the_images_and_not_their_name(digits, framing):
    light = measure_framing(255 - digits)
    assert (light.ground, light.ink, light.is_plain) == (255, 0, True)
    assert light.mass_spread == pytest.approx(framing.mass_spread)
    scaled = measure_framing(digits.astype(np.float32) / 255)
    assert (scaled.high, scaled.ink, scaled.extent) == (1, 1, 20)
    noise = RNG.integers(0, 256, (50, 32, 32, 3), dtype=np.uint8)
    assert not measure_framing(noise).is_plain
    assert not measure_framing(np.full((9, 8, 8, 1), 7, np.uint8)).is_plain
    assert measure_framing(np.zeros((9, 4), np.float32)) is None


def test_a_damaged_framing_is_told(framing):
    with pytest.raises(DataError, match="framing: expected numbers.*run.json was changed since"):
        Framing.from_dict(framing.to_dict() | {"ink": "black"})


def test_ground_and_ink_may_be_anything(fit):
    expected = fit(seven())
    assert box_of(expected, 128)[0] in (19, 20) and np.abs(center_of(expected) - 14).max() < 0.6
    inks = [(0, 0, 0), (255, 255, 255), (200, 30, 30), (90, 90, 90)]
    for ground, ink in zip([(255,) * 3, (0,) * 3, (30, 30, 200), (140, 140, 140)], inks):
        made = fit(seven(ground=ground, ink=ink))
        assert np.array_equal(made, expected), (ground, ink)


def test_the_place_in_the_picture_does_not_matter(fit):
    expected = fit(seven())
    for at in ((6, 6), (50, 20), (50, 36)):
        assert np.array_equal(fit(seven(at=at)), expected)
    assert np.array_equal(fit(seven(size=300, at=(200, 30))), expected)


@pytest.mark.parametrize("scale", [0.6, 2, 7, 30])
def test_the_size_of_the_picture_does_not_matter(fit, scale):
    size = round(100 * scale)
    made = fit(seven(size=size, at=(20 * scale, 20 * scale), scale=scale))
    assert distance(made, fit(seven())) < 8


def test_noise_shadows_and_specks_are_no_ink(fit):
    clean = fit(seven(size=200, scale=2, at=(40, 40))).astype(float)
    picture = seven(size=200, scale=2, at=(40, 40), ground=(230,) * 3, ink=(40,) * 3).astype(float)
    picture *= np.linspace(1, 0.6, 200)[np.newaxis, :, np.newaxis]
    picture += RNG.normal(0, 4, picture.shape)
    picture[10:13, 180:183] = 0  # a speck
    picture[:, :3] = 20  # the edge of the table
    made = fit(np.clip(picture, 0, 255).astype(np.uint8)).astype(float)
    assert distance(made, clean) < 8 and made[:3].max() == 0


def test_squared_paper_and_dark_corners_are_ground(fit):
    expected = fit(seven(size=200, scale=2, at=(60, 40)))
    picture = seven(size=200, scale=2, at=(60, 40), ground=(235,) * 3, ink=(40, 40, 90))
    squared = picture.copy()
    for lines in (squared[::14], squared[:, ::14]):
        lines[lines[..., 0] == 235] = (180, 195, 220)
    places = np.linspace(-1, 1, 200) ** 2
    corners = picture * (1 - 0.25 * (places[:, np.newaxis] + places))[..., np.newaxis]
    for made in (squared, corners.astype(np.uint8)):
        assert distance(fit(made), expected) < 8


def test_a_digit_of_the_training_data_stays_itself(digits, framing):
    fit, differences = Fitting(GRAY, framing).fit, []
    for digit in digits[:200, ..., 0]:
        picture = np.full((90, 70), 255, np.uint8)
        picture[40:68, 10:38] = 255 - digit
        differences.append(np.abs(fit(picture)[..., 0].astype(float) - digit).mean())
    assert np.median(differences) < 8


def test_nets_on_light_ground_and_nets_of_floats(digits, fit):
    expected = fit(seven())
    light = Fitting(GRAY, measure_framing(255 - digits)).fit(seven())
    assert np.array_equal(light, 255 - expected)
    schema = dataclasses.replace(GRAY, feature_dtype="float32")
    made = Fitting(schema, measure_framing(digits.astype(np.float32) / 255)).fit(seven())
    assert made.dtype == np.float32
    assert np.abs(made * 255 - expected).max() <= 0.51


def test_boxes_are_centered_where_the_training_data_have_them_centered():
    images = np.zeros((60, 28, 28, 1), np.uint8)
    for image, wide in zip(images, RNG.integers(3, 9, 60)):
        image[2:26, 14 - wide : 14 + wide] = 90
        image[2:26, 14 - wide : 14 + RNG.integers(-wide, wide)] = 255  # the heavier side
    framing = measure_framing(images)
    assert framing.is_plain and not framing.by_mass and framing.extent == 24
    made = Fitting(GRAY, framing).fit(seven())
    rows, columns = np.nonzero(made[..., 0])
    assert rows.min() + rows.max() in (26, 27, 28) and columns.min() + columns.max() in (26, 27, 28)


def test_what_has_the_nets_size_goes_in_as_it_is(digits, framing):
    digit = digits[0]
    for picture in (digit[..., 0], np.repeat(digit, 3, axis=2)):
        for fit in (None, False):
            assert np.array_equal(Fitting(GRAY, framing, fit).fit(picture), digit)
    with pytest.warns(TfmlpWarning, match="not the ground.*--fit, or fit=True"):
        assert np.array_equal(Fitting(GRAY, framing).fit(255 - digit[..., 0]), 255 - digit)
    made = Fitting(GRAY, framing, True).fit(255 - digit[..., 0]).astype(float)
    assert np.abs(made - digit).mean() < 20 and made[0].max() == 0


def test_without_fitting_a_picture_is_resized_and_no_more(framing):
    picture = seven()
    made = Fitting(GRAY, framing, False).fit(picture)
    expected = Image.fromarray(picture[..., 0]).resize((28, 28), Image.Resampling.BILINEAR)
    assert np.array_equal(made[..., 0], np.asarray(expected))


def test_nets_of_photos_get_the_middle_of_the_picture():
    framing = measure_framing(RNG.integers(0, 256, (50, 32, 32, 3), dtype=np.uint8))
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, 16:80] = RNG.integers(0, 256, (32, 32, 3), dtype=np.uint8).repeat(2, 0).repeat(2, 1)
    made = Fitting(COLOR, framing).fit(picture)
    middle = Image.fromarray(picture[:, 16:80]).resize((32, 32), Image.Resampling.BILINEAR)
    assert np.array_equal(made[1:-1, 1:-1], np.asarray(middle)[1:-1, 1:-1])
    gray = Fitting(COLOR, framing).fit(picture[..., 0])
    assert gray.shape == (32, 32, 3) and (gray == gray[..., :1]).all()
    for height, width in ((1, 500), (500, 1), (31, 33), (33, 31), (97, 41)):
        assert Fitting(COLOR, framing).fit(np.zeros((height, width), np.uint8)).shape[0] == 32


def test_runs_of_before_do_not_say_how_their_images_look():
    with pytest.warns(TfmlpWarning, match="does not record how its training images look"):
        made = Fitting(GRAY, None).fit(seven())
    assert made[0, 0, 0] == 255 and made.shape == (28, 28, 1)


def test_what_cannot_be_fitted(framing):
    fitting = Fitting(GRAY, framing)
    for picture in (np.full((50, 40), 200, np.uint8), np.full((50, 40, 3), (9, 9, 80), np.uint8)):
        with pytest.raises(DataError, match="a figure that stands out.*found none"):
            fitting.fit(picture)
    table = Schema("regression", (13,), "float32")
    with pytest.raises(DataError, match="takes 13 columns; received a picture"):
        Fitting(table, None)


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (2, 3), (3, 2, 3), (5, 1, 3)])
def test_ink_is_found_in_pictures_of_any_size(shape):
    for picture in (np.zeros(shape, np.uint8), RNG.integers(0, 256, shape, dtype=np.uint8)):
        ink = find_ink(picture)
        assert ink is None or (0 <= ink.min() and ink.max() <= 1 and ink.size)


def save(picture, name, **options):
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(name, **options)
    return read_picture(Path(name))


def test_modes_of_pictures():
    gray = np.arange(0, 250, 2, dtype=np.uint8).reshape(5, 25)
    assert np.array_equal(save(gray, "gray.png"), gray)
    color = RNG.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    for name in ("color.png", "color.bmp", "color.tif", "color.ppm"):
        assert np.array_equal(save(color, name), color)
    assert np.array_equal(save(gray.astype(np.uint16) * 257, "deep.png"), gray)
    two = Image.fromarray(gray).point(lambda value: 255 * (value > 100)).convert("1")
    assert set(save(two, "two.png").reshape(-1)) == {0, 255}
    palette = Image.fromarray(color).quantize(30)
    assert np.array_equal(save(palette, "palette.png"), np.asarray(palette.convert("RGB")))
    ink = Image.fromarray(color).convert("CMYK")
    assert save(ink, "cmyk.tif").shape == (5, 6, 3)
    large = color.repeat(9, axis=0).repeat(9, axis=1)
    assert abs(save(large, "color.jpg", quality=98).mean() - color.mean()) < 3


def test_what_is_transparent_is_ground():
    alpha = np.zeros((8, 8, 4), np.uint8)
    alpha[2:6, 3:5] = (0, 0, 0, 255)
    picture = save(alpha, "black.png")
    assert picture[0, 0].tolist() == [255] * 3 and picture[3, 3].tolist() == [0] * 3
    alpha[2:6, 3:5] = (255, 250, 240, 255)
    picture = save(alpha, "white.png")
    assert picture[0, 0].tolist() == [0] * 3 and picture[3, 3].tolist() == [255, 250, 240]


def test_a_camera_that_was_turned():
    gray = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)
    exif = Image.Exif()
    exif[0x0112] = 6
    assert np.array_equal(save(gray, "turned.png", exif=exif), np.rot90(gray, -1))
