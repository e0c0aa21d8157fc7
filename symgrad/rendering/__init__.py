"""How a derivation is shown. Every printer writes the outline of `document`."""

from symgrad.rendering.document import Chains as Chains
from symgrad.rendering.document import Document as Document
from symgrad.rendering.equations import proof_equations as proof_equations
from symgrad.rendering.json import json as json
from symgrad.rendering.latex import latex as latex
from symgrad.rendering.latex import latex_display as latex_display
from symgrad.rendering.latex import latex_expression as latex_expression
from symgrad.rendering.latex import proof_latex as proof_latex
from symgrad.rendering.markdown import markdown as markdown
from symgrad.rendering.outline import document as document
from symgrad.rendering.outline import with_numbers as with_numbers
from symgrad.rendering.steps import step_document as step_document
from symgrad.rendering.style import PLAIN as PLAIN
from symgrad.rendering.style import Style as Style
from symgrad.rendering.style import style_wanted as style_wanted
from symgrad.rendering.text import Sheet as Sheet
from symgrad.rendering.text import proof_text as proof_text
from symgrad.rendering.text import text as text
