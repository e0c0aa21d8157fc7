"""Example programs: each a file in the text language, with built-in data to train it on."""

from symgrad.examples.programs import names, path, text, with_steps
from symgrad.examples.records import EXAMPLES, Example

__all__ = ["EXAMPLES", "Example", "names", "path", "text", "with_steps"]
