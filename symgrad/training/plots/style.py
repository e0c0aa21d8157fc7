"""How a picture looks: lines and marks that are told apart in grey too, labels, and its file.

matplotlib is imported here alone; what draws is given its axes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from symgrad.errors import OptionError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Panel: TypeAlias = Callable[[Axes], None]

MARKS = "os^vDxP*"
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)))
# of Okabe and Ito, Color universal design, 2002: told apart by those who see fewer colours
COLOURS = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")
GREY, PALE = "0.45", "0.8"
STYLE: dict[Any, Any] = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.formatter.limits": (-4, 5),  # powers of ten of which an axis is no multiple
    "axes.titlesize": "medium",
    "font.size": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 5,
    "path.simplify_threshold": 0.3,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # the same letters everywhere
    "svg.hashsalt": "symgrad",  # the same names of parts in every run
}
WIDTH, HEIGHT = 7.0, 3.6  # inches: of a picture, and of a row of its panels
NARROW = 3.0  # inches that a panel needs
DOTS, ON_SCREEN = 150, 100  # to the inch: of a file, and in a notebook
FORMATS = ("png", "svg", "pdf")
AXIS, SIGN, KEY = 0.7, 0.09, 0.5  # inches: of an axis' labels, a letter, a line in a legend
POWER = 6  # signs beside a label, for the power of ten of its axis
LONGEST = 28  # signs of a label that fit beside a panel


@dataclass(frozen=True)
class Picture:
    """A picture that is drawn: matplotlib's `figure`, shown as it is in a notebook."""

    figure: Figure

    def save(self, path: str | Path) -> None:
        """Write it to a file; its name's ending says the format: .png, .svg or .pdf."""
        Path(path).write_bytes(self.file(format_of(path)))

    def file(self, form: str, dots: int = DOTS) -> bytes:
        """The file in a format, the same bytes for the same picture."""
        written = io.BytesIO()
        dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        with styled():
            self.figure.savefig(written, format=form, dpi=dots, metadata=dates.get(form))
        return small(written, dots) if form == "png" else written.getvalue()

    def _repr_png_(self) -> bytes:
        """The picture itself."""
        return self.file("png", ON_SCREEN)


def small(png: io.BytesIO, dots: int) -> bytes:
    """The PNG with a table of 256 colours: a third of the file, and no difference to be seen."""
    from PIL import Image  # which matplotlib writes PNG with

    written = io.BytesIO()
    with Image.open(png) as image:
        image.convert("RGB").quantize().save(written, "PNG", dpi=(dots, dots))
    return written.getvalue()


def format_of(path: str | Path) -> str:
    """The format that a file's name says.

    Raises: OptionError where it is none of ours.

    >>> format_of("losses.svg")
    'svg'
    """
    ending = Path(path).suffix.lower().lstrip(".")
    if ending not in FORMATS:
        near = did_you_mean(ending, FORMATS)
        raise OptionError(f"{path}: a picture is written to .png, .svg or .pdf{near}")
    return ending


@contextmanager
def styled() -> Iterator[None]:
    """matplotlib in our style.

    Raises: OptionError where it is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        raise OptionError(
            "a picture needs matplotlib: pip install 'symgrad[plot]', or pip install matplotlib"
        ) from None
    with mpl.rc_context(STYLE):
        yield


def picture(panels: Sequence[Panel], *, width: float = WIDTH, columns: int = 2) -> Picture:
    """The panels in rows, from left to right; fewer in a row where the picture is narrow.

    Units: width in inches.
    """
    with styled():
        from matplotlib.figure import Figure

        across = max(1, min(columns, len(panels), int(width / NARROW)))
        down = -(-len(panels) // across)
        height = min(HEIGHT, 0.8 * width / across) * down
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(down, across, squeeze=False).flat
        for panel, ax in zip(panels, axes, strict=False):
            panel(ax)
        for ax in axes[len(panels) :]:
            ax.remove()
    return Picture(figure)


def line(k: int) -> dict[str, Any]:
    """How the k-th of several lines is drawn: each in dashes and a colour of its own, those after
    the sixth with marks too."""
    way = {"linestyle": DASHES[k % len(DASHES)], "color": COLOURS[k % len(COLOURS)]}
    more = k // len(DASHES)
    marks = {"marker": MARKS[(more - 1) % len(MARKS)], "markevery": 0.15, "markerfacecolor": "none"}
    return way | marks if more else way


def points(k: int) -> dict[str, Any]:
    """How the k-th of several kinds of points is drawn: each in a mark and a colour of its own."""
    return {
        "linestyle": "none",
        "marker": MARKS[k % len(MARKS)],
        "color": COLOURS[k % len(COLOURS)],
        "markerfacecolor": "none",
    }


def label(name: str, longest: int = LONGEST) -> str:
    """A name as it is read beside a panel: shortened, and no formula of TeX."""
    return shortened(name, longest).replace("$", r"\$")


def shortened(name: str, longest: int) -> str:
    """A name, or as much of its beginning and its end as fits, since names often begin alike."""
    if len(name) <= longest:
        return name
    end = max(1, (longest - 3) // 2)
    return f"{name[: max(1, longest - 3 - end)]}...{name[-end:]}"


def finish(ax: Axes, across: str, up: str, *, above: bool = False, title: str = "") -> None:
    """Labels, and a legend where there is more than one thing to tell apart: beside the lines,
    where they leave room, or `above` a panel that is full, with the panel's title over it."""
    width = size_of(ax)[0]
    ax.set(xlabel=shortened(across, int(width / SIGN) - POWER), ylabel=up)
    handles, names = ax.get_legend_handles_labels()
    if len(names) < 2:
        return
    if not above:
        ax.legend()
        return
    names = [shortened(name, int((width - KEY) / SIGN)) for name in names]
    fit = int(width / (max(map(len, names)) * SIGN + KEY))
    # the gap below is for the power of ten of an axis
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 1}
    columns = max(1, min(fit, len(names)))
    place |= {"title": title, "alignment": "left"} if title else {}
    ax.legend(handles, names, ncols=columns, columnspacing=1.0, handlelength=1.5, **place)


def size_of(ax: Axes) -> tuple[float, float]:
    """About how wide and high a panel will be, in inches, before its labels have found room."""
    figure = ax.get_figure(root=True)
    place = ax.get_subplotspec()
    assert figure is not None and place is not None
    down, across = place.get_gridspec().get_geometry()
    width, height = figure.get_size_inches()
    return width / across - AXIS, height / down - AXIS
