"""Example programs: each a file in the text language, with built-in data to train it on."""

from symgrad.examples.programs import names, path, text, with_steps
from symgrad.examples.records import EXAMPLES, Accuracy, Example

__all__ = ["EXAMPLES", "Accuracy", "Example", "names", "path", "text", "with_steps"]
