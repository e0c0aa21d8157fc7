"""The text form of a program, parsed from Python's syntax tree by a whitelist; nothing is
executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from symgrad.errors import ProgramError, ShapeError, SymgradError, UnknownNameError, did_you_mean
from symgrad.language.dimensions import Dimension, describe, dimension
from symgrad.language.expressions import (
    OPERATIONS,
    Expression,
    Name,
    Number,
    Size,
    exact,
    is_scalar,
)
from symgrad.language.names import check_name
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.constants import filled
from symgrad.language.operations.contractions import lookup
from symgrad.language.problem import FACTS, Problem, Variable, number_or_name
from symgrad.language.syntax import REFUSED, source_of, syntax_tree

DEEPEST = 100
ALIASES = {"tr": "trace", "log_det": "logdet", "norm": "norm2"}
CONSTANTS = ("ones", "zeros", "eye")
HIDDEN: tuple[str, ...] = (
    "add",
    "subtract",
    "negative",
    "multiply",
    "divide",
    "power",
    "variable_power",
    "matmul",
)
HIDDEN += ("transpose", "lookup", "batch_sum", "batch_mean")
BINARY = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.MatMult: "matmul",
    ast.Pow: "power",
}


def parse(text: str, filename: str | None = None) -> Problem:
    """The problem that a program says.

    Raises: SymgradError with line and column for anything that is not a program of the language.

    >>> problem = parse("x: Vector(n)\\nloss = x.T @ x")
    >>> problem.parameters
    ('x',)
    """
    try:
        return _Parser(text).program(filename)
    except SymgradError as error:
        raise error.at(None, None, filename) from None
    except RecursionError:
        raise ProgramError(
            "nested too deeply; give intermediate results names", filename=filename
        ) from None


def load(path: str | Path) -> Problem:
    """The problem in a file (UTF-8 text)."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProgramError(f"cannot be read: {error}", filename=str(path)) from None
    return parse(text, filename=str(path))


class _Parser:
    """One walk over the lines of a program."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: dict[str, Variable] = {}
        self.definitions: dict[str, Expression] = {}
        self.values: dict[str, Expression] = {}
        self.dimensions: set[str] = set()
        self.bound: dict[str, str] = {}
        self.last = False  # whether the statement at hand is the program's last one

    def program(self, filename: str | None) -> Problem:
        tree = syntax_tree(self.text)
        self.bound = _bound_names(tree)
        _check_tensors(tree)
        output = None
        for statement in tree.body:
            if output is not None:
                self._refuse(statement, f"a line after `{output} = ...`, which must be the last")
            self.last = statement is tree.body[-1]
            with self._place(statement):
                output = self._statement(statement)
        if output is None:
            what = (
                "no line `loss = ...`" if tree.body else "is empty; a program ends in `loss = ...`"
            )
            raise ProgramError(f"the program {'has ' * bool(tree.body)}{what}")
        for name in self.bound:
            if name not in self.variables:
                raise UnknownNameError(f"for {name} in {self.bound[name]}: {name} is not declared")
        value = self.definitions.pop(output)
        return Problem(self.variables, self.definitions, value, output, filename)

    # statements

    def _statement(self, node: ast.stmt) -> str | None:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=None):
                self._declare(name, annotation)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return self._assign(name, value)
            case ast.Assign():
                raise ProgramError(
                    "only a name can be assigned to, without an index [ ] or a tuple"
                )
            case ast.AnnAssign():
                raise ProgramError(
                    "a declaration is `name: Kind(dimensions)`, with nothing assigned"
                )
            case ast.Expr(value=ast.Compare()):
                raise ProgramError("== compares; to assign write =")
            case ast.Expr(value=value):
                self._expression(value)
                raise ProgramError(
                    "a line is a declaration `x: Vector(n)` or an assignment `loss = ...`"
                )
            case _:
                self._refuse(node, f"{type(node).__name__.lower()} is not part of the language")
        return None

    def _declare(self, name: str, node: ast.expr) -> None:
        self._new(name)
        keywords: list[ast.keyword] = []
        arguments: list[ast.expr] = []
        match node:
            case ast.Name(id=kind):
                pass
            case ast.Call(func=ast.Name(id=kind), args=arguments, keywords=keywords):
                pass
            case _:
                raise ProgramError(
                    f"{name}: a declaration names a kind: Scalar, Vector(n), Matrix(m, n), Index(n)"
                )
        for argument in arguments:
            if isinstance(argument, ast.Name) and argument.id in FACTS:
                raise ProgramError(f"{name}: a fact is written {argument.id}=True")
        dims = tuple(self._declared_dimension(argument) for argument in arguments)
        facts = frozenset(self._fact(k) for k in keywords) - {""}
        self.dimensions |= {str(d) for d in dims if d.is_Symbol}
        variable = Variable(name, kind, dims, facts, self.bound.get(name))
        self.variables[name] = variable
        self.values[name] = variable.expression()
        for scalar in self.variables.values():
            if scalar.kind == "Scalar" and scalar.name in self.dimensions:
                raise UnknownNameError(
                    f"{scalar.name} is both a Scalar and a dimension; rename one of them"
                )

    def _declared_dimension(self, node: ast.expr) -> Dimension:
        match node:
            case ast.Name(id=name):
                return number_or_name(name)
            case ast.Constant(value=int(value)) if not isinstance(value, bool):
                return dimension(value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
                raise ShapeError(
                    f"dimension -{value!r}: a dimension is a name or a positive whole number"
                )
        raise ShapeError(
            f"{source_of(node)} is no dimension: a name or a positive whole number is wanted"
        )

    def _fact(self, node: ast.keyword) -> str:
        if node.arg is None:
            raise ProgramError("** before an argument is not part of the language")
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, bool)):
            raise ProgramError(f"the fact {node.arg} is True or False, not {source_of(node.value)}")
        if node.arg not in FACTS:
            raise ProgramError(f"unknown fact {node.arg}{did_you_mean(node.arg, FACTS)}")
        return node.arg if node.value.value else ""

    def _assign(self, name: str, node: ast.expr) -> str | None:
        self._new(name)
        value = self._expression(node)
        last = name == "loss" or (name == "f" and self.last)
        if name == "loss" and not is_scalar(value):
            raise ShapeError(f"the loss must be a scalar; its shape is {describe(value.shape)}")
        if last and value.batch is not None:
            examples = ", ".join(n for n, b in self.bound.items() if b == value.batch)
            raise ProgramError(
                f"{name} belongs to one example of {value.batch}; "
                f"write {name} = sum(... for {examples} in {value.batch})"
            )
        self.definitions[name] = value
        self.values[name] = Name(name, value.shape, value.batch)
        return name if last else None

    def _new(self, name: str) -> None:
        check_name(name)
        if name in ALIASES or (
            name in OPERATIONS and OPERATIONS[name].reserved and name not in HIDDEN
        ):
            raise UnknownNameError(f"{name} is the name of a function; use another name")
        if name in self.values:
            raise UnknownNameError(
                f"{name} is given twice; each name has one meaning, use another name"
            )

    # expressions

    def _expression(self, node: ast.expr, depth: int = 0) -> Expression:
        if depth > DEEPEST:
            raise ProgramError("nested too deeply; give intermediate results names")
        spine: list[ast.expr] = []
        while (
            isinstance(node, ast.BinOp)
            and type(node.op) in BINARY
            and not isinstance(node.op, ast.Pow)
        ):
            spine.append(node)
            node = node.left
        value = self._operand(node, depth)
        for operator in reversed(spine):
            assert isinstance(operator, ast.BinOp)
            right = self._expression(operator.right, depth + 1)
            with self._place(operator):
                value = OPERATIONS[BINARY[type(operator.op)]](value, right)
        return value

    def _operand(self, node: ast.expr, depth: int) -> Expression:
        with self._place(node):
            match node:
                case ast.Constant(value=value):
                    return _constant(value)
                case ast.Name(id=name):
                    return self._name(name)
                case ast.UnaryOp(op=ast.USub(), operand=operand):
                    return -self._expression(operand, depth + 1)
                case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                    return self._expression(operand, depth + 1)
                case ast.BinOp(op=ast.Pow(), left=left, right=right):
                    return self._power(left, right, depth)
                case ast.BinOp(op=op):
                    self._refuse(op, "this operator is not part of the language")
                case ast.Attribute(value=value, attr="T"):
                    return self._expression(value, depth + 1).T
                case ast.Attribute(value=value, attr=attribute):
                    text = source_of(value)
                    hint = f"; write {attribute} without {text}." if attribute in OPERATIONS else ""
                    raise ProgramError(f"the only attribute is .T, not .{attribute}{hint}")
                case ast.Subscript(value=table, slice=label):
                    return lookup(
                        self._expression(table, depth + 1), self._expression(label, depth + 1)
                    )
                case ast.Call(func=ast.Name(id=name)):
                    return self._call(name, node, depth)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=function)) if (
                    function in OPERATIONS
                ):
                    raise ProgramError(
                        f"write {function}(...) without {module}.; the only attribute is .T"
                    )
                case ast.Call(func=function):
                    raise ProgramError(
                        f"{source_of(function)} is no function of the language (attributes: .T)"
                    )
            self._refuse(node, f"{type(node).__name__.lower()} is not part of the language")

    def _power(self, left: ast.expr, right: ast.expr, depth: int) -> Expression:
        base, exponent = self._expression(left, depth + 1), self._expression(right, depth + 1)
        return base**exponent

    def _name(self, name: str) -> Expression:
        if name in self.values:
            return self.values[name]
        if name in self.dimensions:
            return Size(dimension(name))
        if name in OPERATIONS or name in ALIASES:
            raise UnknownNameError(f"{name} is a function; write {name}(...)")
        raise UnknownNameError(
            f"{name} is not declared{did_you_mean(name, [*self.values, *self.dimensions])}"
        )

    def _call(self, name: str, node: ast.Call, depth: int) -> Expression:
        name = ALIASES.get(name, name)
        if name in HIDDEN or name not in OPERATIONS:
            known = [n for n in OPERATIONS if n not in HIDDEN]
            raise UnknownNameError(f"unknown function {name}{did_you_mean(name, known)}")
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise ProgramError("* before an argument is not part of the language")
        for k in node.keywords:
            if k.arg is None:
                raise ProgramError("** before an argument is not part of the language")
        if name in CONSTANTS:
            return filled(OPERATIONS[name], tuple(self._used_dimension(name, a) for a in node.args))
        if node.args and isinstance(node.args[0], ast.GeneratorExp):
            return self._over_batch(name, node, node.args[0], depth)
        options: dict[str, object] = {str(k.arg): self._option(name, k) for k in node.keywords}
        match node.args:
            case [ast.Constant(value=str(spec)), *rest] if "spec" in OPERATIONS[name].options:
                values = [self._expression(a, depth + 1) for a in rest]
                return OPERATIONS[name](*values, **options, spec=spec)
        return OPERATIONS[name](*(self._expression(a, depth + 1) for a in node.args), **options)

    def _option(self, name: str, node: ast.keyword) -> int:
        if node.arg != "axis":
            raise ProgramError(f"{name} has no option {node.arg}")
        match node.value:
            case ast.Constant(value=int(value)) if not isinstance(value, bool):
                return value
        raise ProgramError(f"{name}: axis must be a number, 0 or 1, not {source_of(node.value)}")

    def _used_dimension(self, name: str, node: ast.expr) -> Dimension:
        """A dimension where it is used: declared, or a product as a Kronecker product has it."""
        match node:
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                both = self._used_dimension(name, left), self._used_dimension(name, right)
                return dimension(both[0] * both[1])
            case ast.BinOp(op=ast.Pow(), left=ast.Name() as base, right=ast.Constant(value=2)):
                return self._used_dimension(name, base) ** 2
            case ast.Name(id=used) if used not in self.dimensions:
                raise UnknownNameError(
                    f"{name}({used}): the dimension {used} is not declared"
                    f"{did_you_mean(used, self.dimensions)}"
                )
        return self._declared_dimension(node)

    def _over_batch(
        self, name: str, call: ast.Call, node: ast.GeneratorExp, depth: int
    ) -> Expression:
        if name not in ("sum", "mean") or len(call.args) > 1 or call.keywords:
            raise ProgramError(
                "for ... in batch (a generator) stands only inside sum(...) or mean(...)"
            )
        variables, batch = _generator(node)
        body = self._expression(node.elt, depth + 1)
        return over_batch(OPERATIONS[f"batch_{name}"], body, variables, batch)

    # places

    @contextmanager
    def _place(self, node: ast.AST) -> Iterator[None]:
        try:
            yield
        except SymgradError as error:
            line = getattr(node, "lineno", None)
            column = getattr(node, "col_offset", None)
            raise error.at(line, None if column is None else column + 1, None) from None

    def _refuse(self, node: ast.AST, otherwise: str) -> NoReturn:
        error = ProgramError(REFUSED.get(type(node), otherwise))
        decorators = getattr(node, "decorator_list", [])
        first = decorators[0] if decorators else node
        raise error.at(getattr(first, "lineno", None), None, None)


def _check_tensors(tree: ast.Module) -> None:
    """Where each tensor is only reduced to one number, as in sum(T), and nothing in the program has
    a third index, something else was meant by it."""
    nodes = list(ast.walk(tree))
    if any(isinstance(n, ast.Name) and n.id == "einsum" for n in nodes):
        return
    if any(isinstance(n, ast.keyword) and n.arg == "axis" for n in nodes):
        return
    declared = {
        n.target.id: n
        for n in nodes
        if isinstance(n, ast.AnnAssign)
        and isinstance(n.target, ast.Name)
        and isinstance(n.annotation, ast.Call)
        and getattr(n.annotation.func, "id", "") == "Tensor"
    }
    loads = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    used = {id(n) for n in loads if n.id in declared}
    reduced = {id(n.args[0]) for n in nodes if isinstance(n, ast.Call) and _is_reduction(n)}
    if used and used <= reduced:
        node = next(iter(declared.values()))
        raise ProgramError(
            f"{source_of(node)}: there is no einsum(...) and no axis= that needs a Tensor; a "
            "matrix is declared Matrix(m, n)",
            line=node.lineno,
            column=node.col_offset + 1,
        )


def _is_reduction(call: ast.Call) -> bool:
    """Whether a call makes one number of one argument, as it has no axis."""
    operation = OPERATIONS.get(getattr(call.func, "id", ""))
    return operation is not None and "axis" in operation.options and len(call.args) == 1


def _bound_names(tree: ast.Module) -> dict[str, str]:
    """The names bound by `for x, y in batch` anywhere in the program -> the batch."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.GeneratorExp):
            try:
                variables, batch = _generator(node)
            except ProgramError as error:
                raise error.at(node.lineno, node.col_offset + 1, None) from None
            for name in variables:
                if bound.setdefault(name, batch) != batch:
                    raise ProgramError(
                        f"{name} belongs to two batches: {bound[name]} and {batch}",
                        line=node.lineno,
                    )
    return bound


def _generator(node: ast.GeneratorExp) -> tuple[tuple[str, ...], str]:
    match node.generators:
        case [ast.comprehension(target=target, iter=ast.Name(id=batch), ifs=[], is_async=0)]:
            elements = target.elts if isinstance(target, ast.Tuple) else [target]
            if all(isinstance(e, ast.Name) for e in elements):
                return tuple(e.id for e in elements if isinstance(e, ast.Name)), batch
    raise ProgramError("a generator reads `for x, y in batch`, with names only")


def _constant(value: object) -> Expression:
    if isinstance(value, bool) or value is None:
        raise ProgramError(f"{value} is not a value of the language")
    if isinstance(value, str):
        raise ProgramError(f"strings are not part of the language: {value[:40]!r}")
    if not isinstance(value, (int, float)):
        raise ProgramError(f"{value!r} is not a number of the language")
    if abs(value) > 1e300:
        raise ProgramError("the number is too large")
    return Number(exact(value))
