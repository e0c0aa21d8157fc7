"""The formulas of a derivation, read among the names that it has given."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial

from symgrad.errors import ProgramError, SymgradError
from symgrad.grading.answer import LOSS_NAMES, Claim
from symgrad.grading.meanings import Meanings
from symgrad.grading.notation import Names, Symbol, named, symbol_of
from symgrad.grading.paper import Paper
from symgrad.grading.rows import Piece
from symgrad.language.expressions import Expression
from symgrad.language.handwriting.tokens import plain_signs
from symgrad.language.parser import parse_within
from symgrad.language.problem import Variable
from symgrad.language.syntax import in_place_of, syntax_tree, words_in

INNER = re.compile(r"[<⟨]([^<>⟨⟩]*)[>⟩]")  # <G, dX>
ONES = re.compile(
    r"(?<=[\w)\]'])[ ]+(?:@ *)?1(?![\w.])(?! *[*/(^])|(?<![\w.)\]])1(?:\^T|\.T|')[ @]+"
)
OVER = re.compile(  # 1/n tr(A), 1/(2n) ‖x‖²: a fraction, and what it multiplies
    r"(?<![\w.)])(\d+/(?:[^\W\d]\w*|\([^()]*\)))(?:[ ]+(?=[^\W\d]\w*\(|\()|[ ]*(?=\|\||‖))"
)


def _paired(match: re.Match[str]) -> str:
    """The sum of products that an inner product is; its comma is the last outside brackets."""
    inside, depth, commas = match[1], 0, []
    for k, sign in enumerate(inside):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            commas.append(k)
    if not commas:
        return match[0]
    return f"sum(({inside[: commas[-1]]}) * ({inside[commas[-1] + 1 :]}))"


def _ones(size: str, match: re.Match[str]) -> str:
    return f" @ ones({size})" if match[0].strip().endswith("1") else f"ones({size}).T @ "


@dataclass(frozen=True)
class FormulaTree:
    """A formula as a syntax tree; `symbols` are the derivatives in it, by their names there."""

    tree: ast.expr
    symbols: Mapping[str, Symbol]


@dataclass
class Reader:
    """Reads formulas; `lacking` are the derivatives that the last one uses and no line gives."""

    meanings: Meanings
    lacking: list[Symbol] = field(default_factory=list)
    truths: dict[str, Expression] = field(default_factory=dict)  # the right values of these
    remarks: dict[str, None] = field(default_factory=dict)  # what was read otherwise than typed

    @property
    def paper(self) -> Paper:
        """What was said so far."""
        return self.meanings.paper

    def formula(self, piece: Piece) -> FormulaTree:
        """The syntax tree of a formula. Raises: SymgradError with the column in the piece."""
        if piece.error is not None:
            raise piece.error
        names = self.paper.names
        written = named(piece, names)
        words = set(re.findall(r"[^\W\d]\w*", written.text))
        derivatives = {word for word in words if symbol_of(word, names) is not None}
        known = {*names.known, *self.paper.said, *self.paper.macros, *self.paper.sizes}
        written = written.replaced(INNER, _paired).replaced(OVER, lambda m: f"{m[1]} * ")
        text = plain_signs(written.text)
        if ONES.search(text):
            return self._with_ones(replace(written, text=text))
        match syntax_tree(text, known | derivatives).body:
            case [ast.Expr(value=tree)]:
                tree = _Replaced({n: m.tree for n, m in self.paper.macros.items()}).visit(tree)
                return FormulaTree(tree, derivatives_in(tree, names))
        raise ProgramError("a formula is wanted after =", column=1)

    def _with_ones(self, piece: Piece) -> FormulaTree:
        """A formula in which 1 beside a matrix is a vector of ones: of the length that fits."""
        error: SymgradError | None = None
        for size in sorted(self.paper.sizes):
            written = piece.replaced(ONES, partial(_ones, size))
            try:
                formula = self.formula(written)
                self.claim(formula)
                return formula
            except SymgradError as found:
                error = error or found
        raise error or ProgramError("no vector of ones fits here", column=1)

    def claim(
        self,
        formula: FormulaTree,
        one: bool = False,
        own: Symbol | None = None,
        more: Mapping[str, Variable] | None = None,
    ) -> Claim:
        """What a formula claims; `one` is whether of one example, `own` the derivative that it is
        of, `more` variables beside those of the problem, by the names in the formula."""
        self.lacking, self.truths = [], {}
        asked = self.paper.asked
        losses = {asked.output_name, *LOSS_NAMES} - self.paper.names.known
        self.paper.losses |= words_in(formula.tree) & losses
        problem = self.paper.problem(one, {v.name: v for v in (more or {}).values()})
        renamed = {word: v.name for word, v in (more or {}).items()}
        given = dict(problem.definitions)
        for word, symbol in formula.symbols.items():
            if word in renamed:
                continue
            name = self.paper.value_name(symbol)
            if name is None or name not in given:
                if own is not None and symbol.name == own.name:
                    raise ProgramError(f"{symbol.name} stands on both sides", column=1)
                name = symbol.name
                self.truths |= self._true(symbol, one, name)
                given |= self.truths
            elif name in self.paper.unfounded:
                self.lacking.append(self.paper.unfounded[name])
            renamed[word] = name
        problem = replace(problem, definitions=given)
        other = {word: ast.Name(id=name, ctx=ast.Load()) for word, name in renamed.items()}
        statement = ast.Expr(_Replaced(other).visit(deepcopy(formula.tree)))
        ast.copy_location(statement, formula.tree)
        whole, expression = parse_within(problem, [statement])
        self.remarks |= dict.fromkeys(whole.remarks)
        return Claim(whole, expression, {})

    def _true(self, symbol: Symbol, one: bool, name: str) -> dict[str, Expression]:
        """The right value of a derivative that no line gives, under this name."""
        if symbol.of not in self.paper.names.known:
            return {}
        true = self.meanings.true_value(symbol, one)
        if true is None:
            raise ProgramError(f"{name} is used, but no line says what it is", column=1)
        self.lacking.append(symbol)
        return {**true.problem.definitions, name: true.expression}


class _Replaced(ast.NodeTransformer):
    """Names become what they stand for, in their place."""

    def __init__(self, meanings: Mapping[str, ast.expr]) -> None:
        self.meanings = meanings

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The node, or what it stands for."""
        meaning = self.meanings.get(node.id)
        return node if meaning is None else in_place_of(deepcopy(meaning), node)


def derivatives_in(tree: ast.AST, names: Names) -> dict[str, Symbol]:
    """The names in a formula that are derivatives of known names."""
    found = {word: symbol_of(word, names) for word in words_in(tree)}
    return {word: symbol for word, symbol in found.items() if symbol is not None}


def is_chain_rule(formula: FormulaTree, of: Symbol) -> bool:
    """Whether a formula only says which derivatives are multiplied, dL/dx = dL/dr dr/dx, perhaps
    beside terms without any."""
    terms, links = [formula.tree], list[bool]()
    while terms:
        match terms.pop():
            case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
                terms += [left, right]
            case term if words_in(term) & formula.symbols.keys():
                links.append(_is_link(term, formula, of))
    return any(links) and all(links)


def _is_link(term: ast.expr, formula: FormulaTree, of: Symbol) -> bool:
    """Whether a term is a product of derivatives that lead to the one that it is part of."""
    pending, factors = [term], list[Symbol]()
    while pending:
        match pending.pop():
            case ast.BinOp(op=ast.Mult() | ast.MatMult(), left=left, right=right):
                pending += [left, right]
            case ast.Attribute(attr="T", value=value):
                pending.append(value)
            case ast.Name(id=word) if word in formula.symbols:
                factors.append(formula.symbols[word])
            case _:
                return False
    above = sorted([*(f.top for f in factors), of.of])
    below = sorted([*(f.of for f in factors), of.top])
    return len(factors) > 1 and above == below
