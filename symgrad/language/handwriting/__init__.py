"""Formulas as people write them, in the signs of the language.

x^T, x', 2 A x, |z|, ½ ‖r‖², (a − b)ᵀ become Python's signs token by token. What means more than it
says here is marked for the reading of the expression, which knows shapes: an operator by its
`sign`, a function by a name that begins with _, which no user can give.

tokens -> pieces of the text in the language's signs (reading), by one rule for each kind of token:
names and functions (applied), powers and transposes (raised), brackets and bars (brackets),
operators (operators).
"""
