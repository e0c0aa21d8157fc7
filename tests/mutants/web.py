"""In the web page: what is told, to whom, and what a process that ended leaves behind."""

from __future__ import annotations

from .planting import Mutant, planted_in

SERVER = "tests/web/test_server.py"
MUTANTS: list[Mutant] = [
    *planted_in(
        "symgrad/web/guard.py",
        SERVER,
        ("any name is ours", "return name.lower() in self.names", "return True"),
        ("a page of any origin asks", 'origin.partition("://")[2] != host', "False"),
    ),
    *planted_in(
        "symgrad/web/answers.py",
        SERVER,
        ("a hint gives the answer away", 'if TOLD[told] == "answer" else None', "or None"),
        ("the method is a convention", 'chosen(request, "convention", of)\n', "{}\n"),
        ("no style", 'sg.Style(**chosen(request, "style", of))', "sg.Style()"),
    ),
    *planted_in(
        "symgrad/web/answers.py",
        SERVER,
        ("a place in the formula", "formula.begin + inside", "inside"),
    ),
    *planted_in(
        "symgrad/web/pool.py",
        SERVER,
        ("a process that ended is asked again", "self.fit = False", "self.fit = True"),
        ("nobody is too many", "self._waiting >= self.limits.waiting", "False"),
        ("works for nobody", "if await gone():", "if False:"),
    ),
    *planted_in(
        "symgrad/web/worker.py",
        SERVER,
        ("no limit of memory", "resource.setrlimit(resource.RLIMIT_AS, (size, size))", "pass"),
        ("a defect is told in full", "error=type(error).__name__", "error=error"),
    ),
]
