"""The documentation as a site: `python -m sphinx -W -q -c docs . site` (extra `dev`).

It is made of the same Markdown that is read in the repository; formulas are set by MathJax, which
lies beside the pages, so that nothing is fetched when they are read.
"""

from collections.abc import Iterable
from pathlib import Path

import jupyter_server_mathjax
from sphinx.application import Sphinx

import symgrad

LAST = ("reference", "architecture")
HERE = Path(__file__).parent
COURSE = ["course/README", "course/[0-9]*", *(path.stem for path in sorted(HERE.glob("*.ipynb")))]
MORE = [path.stem for path in sorted(HERE.glob("*.md")) if path.stem not in LAST]

project, version, release = "symgrad", symgrad.__version__, symgrad.__version__
copyright = "the symgrad authors"
root_doc = "README"
include_patterns = ["*.md", "docs/**"]
exclude_patterns = ["docs/*/make_*.py"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]

myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 3
myst_update_mathjax = False
nb_execution_mode = "off"  # the tests run the notebooks
nb_render_markdown_format = "myst"

suppress_warnings = ["misc.highlighting_failure"]  # a block of csv has no colours
default_role = "literal"  # `x` in docstrings, as in Markdown
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"

html_theme = "furo"
html_title = "symgrad"
html_extra_path = ["index.html"]
html_static_path = [str(Path(jupyter_server_mathjax.__file__).parent / "static")]
html_copy_source = False
mathjax_path = "MathJax.js?config=TeX-AMS-MML_HTMLorMML-full"
mathjax2_config = {
    "HTML-CSS": {"availableFonts": [], "webFont": "STIX-Web", "imageFont": None},
    "fast-preview": {"disabled": True},
    "messageStyle": "none",
    "showMathMenu": False,
}


def contents(title: str, pages: Iterable[str]) -> str:
    """A part of the table of contents."""
    listed = "\n".join(pages)
    return f"\n\n```{{toctree}}\n:hidden:\n:glob:\n:caption: {title}\n\n{listed}\n```\n"


def with_contents(app: Sphinx, page: str, text: list[str]) -> None:
    """The table of contents, which the README has no need of in the repository."""
    if page == root_doc:
        text[0] += contents("Course", (f"docs/{page}" for page in COURSE))
        text[0] += contents("More", (f"docs/{page}" for page in (*MORE, "reference")))
        text[0] += contents("Development", ("docs/architecture", "CONTRIBUTING", "CHANGELOG"))


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", with_contents)
