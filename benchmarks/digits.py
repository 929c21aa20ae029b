"""Digits by other hands than MNIST's: how many a run's net reads, with and without the fitting.

    python -m benchmarks.digits RUN [--out FOLDER]

Rendered: each digit in every font of DejaVu and Liberation that is there (those that DejaVu's own
package and Liberation's install below /usr/share/fonts), in several sizes, at any place, dark on
light and light on dark, on gray and colored grounds, with noise and a shadow across. Handwritten:
the 1,797 digits of the UCI set that scikit-learn brings (E. Alpaydin, C. Kaynak, "Optical
recognition of handwritten digits", 1998), 8x8, made larger, on light and on dark ground. --out
keeps the pictures.
"""

import argparse
import colorsys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONTS = Path("/usr/share/fonts/truetype")
FAMILIES = ("dejavu", "liberation")
DIGITS = "0123456789"
# What stands on what: lightness of ground and ink, and how colored they are.
STYLES = {
    "dark on light": ((0.95, 0.0), (0.05, 0.0)),
    "light on dark": ((0.05, 0.0), (0.95, 0.0)),
    "gray on gray": ((0.70, 0.0), (0.35, 0.0)),
    "color on color": ((0.80, 0.6), (0.30, 0.9)),
    "paper with a shadow": ((0.90, 0.1), (0.20, 0.1)),
}


def font_files() -> list[Path]:
    """Returns the fonts that have digits, sorted."""
    found = [path for family in FAMILIES for path in sorted((FONTS / family).glob("*.ttf"))]
    return [path for path in found if "Math" not in path.name]


def color_of(lightness: float, saturation: float, hue: float) -> tuple[int, ...]:
    """Returns red, green and blue of 255."""
    return tuple(round(255 * v) for v in colorsys.hsv_to_rgb(hue, saturation, lightness))


def draw(digit: str, font: Path, style: str, random: np.random.Generator) -> Image.Image:
    """Draws a digit somewhere in a picture of 100 to 400 pixels a side."""
    width, height = (int(side) for side in random.integers(100, 401, 2))
    size = int(min(width, height) * random.uniform(0.4, 0.9))
    (ground, gray), (ink, colored) = STYLES[style]
    hue = float(random.random())
    image = Image.new("RGB", (width, height), color_of(ground, gray, hue))
    drawer = ImageDraw.Draw(image)
    letters = ImageFont.truetype(font, size)
    left, top, right, bottom = drawer.textbbox((0, 0), digit, letters)
    x = random.uniform(0.02, 0.98) * (width - (right - left)) - left
    y = random.uniform(0.02, 0.98) * (height - (bottom - top)) - top
    drawer.text((x, y), digit, color_of(ink, colored, (hue + 0.4) % 1), letters)
    if style != "paper with a shadow":
        return image
    pixels = np.asarray(image).astype(float)
    shade = np.linspace(1.0, 0.55, width)[np.newaxis, :, np.newaxis]
    noisy = pixels * shade + random.normal(0, 4, pixels.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def rendered() -> Iterator[tuple[str, str, Image.Image]]:
    """Yields (group, digit, picture): each digit in each font, the styles in turn."""
    random = np.random.default_rng(0)
    styles = list(STYLES)
    for number, font in enumerate(font_files()):
        for digit in DIGITS:
            style = styles[(number + int(digit)) % len(styles)]
            yield style, digit, draw(digit, font, style, random)


def handwritten() -> Iterator[tuple[str, str, Image.Image]]:
    """Yields (group, digit, picture) of scikit-learn's digits."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    for image, label in zip(digits.images, digits.target):
        values = np.pad(255 - image * (255 / 16), 2, constant_values=255).astype(np.uint8)
        for group, shades in (("dark on light", values), ("light on dark", 255 - values)):
            picture = Image.fromarray(shades).resize((96, 96), Image.Resampling.BICUBIC)
            yield f"written, {group}", str(label), picture


def write(pictures: Iterator[tuple[str, str, Image.Image]], folder: Path) -> dict[str, str]:
    """Writes pictures, and returns the group and digit of each file, "group/digit", by its name."""
    known = {}
    for number, (group, digit, picture) in enumerate(pictures):
        name = f"{number:04}.png"
        picture.save(folder / name)
        known[name] = f"{group}/{digit}"
    return known


def count_right(run: str, folder: Path, known: dict[str, str], fit: bool | None) -> dict[str, int]:
    """Returns how many pictures of each group the net of a run reads."""
    import tfmlp

    right: dict[str, int] = {}
    for answer in tfmlp.load_run(run).predict_files(folder, fit=fit):
        group, digit = known[Path(answer.file).name].split("/")
        right[group] = right.get(group, 0) + (answer.class_name == digit)
    return right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    print(f"{'pictures':22} {'of':>5} {'fitted':>15} {'resized only':>15}")
    with tempfile.TemporaryDirectory() as temporary:
        for title, pictures in (("rendered", rendered()), ("written", handwritten())):
            folder = (options.out or Path(temporary)) / title
            folder.mkdir(parents=True)
            known = write(pictures, folder)
            counts = [count_right(options.run, folder, known, fit) for fit in (None, False)]
            groups = [group.split("/")[0] for group in known.values()]
            rows = [(group, groups.count(group)) for group in dict.fromkeys(groups)]
            if len(rows) > 1:
                rows.append((title, len(groups)))
            for group, total in rows:
                shown = []
                for right in counts:
                    number = sum(right.values()) if group == title else right[group]
                    shown.append(f"{number:>6} {number / total:8.1%}")
                print(f"{group:22} {total:>5} {shown[0]} {shown[1]}")
    print(f"fonts: {', '.join(path.stem for path in font_files())}")


if __name__ == "__main__":
    main()
