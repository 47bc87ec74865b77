"""The Common Expression Language, by three engines: Google's C++, a Rust one, and a pure Python one.

CEL has no recursion, so lower devices are found to a depth of four. A trace would need a second expression for every
rule.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.peers.contest import NAME, Absent, Answer, Contender, Question
from benchmarks.peers.flat import flat
from benchmarks.peers.texts import policy

LEAVES_OUT = ("trace", "validation", "findings", "IPv6 spelling", "layers deeper than four")
TEXTUAL = (("spelling", "compares addresses as text"),)
Maker = Callable[[str], Callable[[Question], Answer]]


def contenders() -> tuple[Contender, ...]:
    """Return the engines that are installed."""
    text, found = policy("strict.cel"), []
    makers: dict[str, tuple[Maker, str, int]] = {
        "CEL, C++": (in_cpp, "cel-expr-python", 4096),
        "CEL, Rust": (in_rust, "common-expression-language", 4096),
        "CEL, Python": (in_python, "cel-python", 64),
    }
    for name, (maker, package, largest) in makers.items():
        try:
            found.append(Contender(name, (package, "msgspec"), maker(text), NAME, LEAVES_OUT, TEXTUAL, largest))
        except ImportError:
            print(f"skipped: {package} is not installed")
    if not found:
        raise Absent("any engine for CEL")
    return tuple(found)


def answer(pair: list[str]) -> Answer:
    """Return the answer of a result, in which an empty name means no interface."""
    return str(pair[0]), str(pair[1]) or None


def in_cpp(text: str) -> Callable[[Question], Answer]:
    """Return the policy compiled by cel-cpp, with static types if CEL has them."""
    from cel_expr_python.cel import NewEnv, Type  # noqa: PLC0415 -- absent peers are skipped

    variables = {
        "links": Type.List(Type.Map(Type.STRING, Type.DYN)),
        "lowers": Type.Map(Type.STRING, Type.List(Type.STRING)),
        "host": Type.List(Type.STRING),
        "management": Type.STRING,
    }
    program = NewEnv(variables=variables).compile(text)
    return lambda question: answer(program.eval(data=flat(question)).plain_value())


def in_rust(text: str) -> Callable[[Question], Answer]:
    """Return the policy compiled by common-expression-language."""
    import cel  # noqa: PLC0415

    program = cel.compile(text)
    return lambda question: answer(program.execute(flat(question)))


def in_python(text: str) -> Callable[[Question], Answer]:
    """Return the policy compiled by cel-python, to Python code if possible."""
    import celpy  # noqa: PLC0415

    environment = celpy.Environment(runner_class=celpy.CompiledRunner)
    program = environment.program(environment.compile(text))

    def decide(question: Question) -> Answer:
        return answer(program.evaluate({name: celpy.json_to_cel(value) for name, value in flat(question).items()}))

    return decide
