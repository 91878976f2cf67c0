"""The questions that linkmap ships: SQL files whose header says what they answer and what they must be told.

A header is the block of comments that a file begins with:

    -- title: One line
    --
    -- Any number of lines of explanation.
    --
    -- needs: indexes
    -- param: limit integer 20 Rows at most; -1 gives all
    -- param: state text optional Only pages in this state
    -- choices: state done, failed

`param` is a name, a type, a default and a help text. `required` in place of the default means that there is
none, `optional` that NULL is bound. `choices`, below a text parameter, names all that it takes. `needs` is
`indexes` (built first where a crawl left them out) or `rank` (there is nothing to ask before `linkmap rank`).
"""

import difflib
import math
import re
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from linkmap.errors import LinkmapError, UsageError
from linkmap.model import Value

REQUIRED = "required"
OPTIONAL = "optional"
TYPES = ("text", "integer", "real", "page", "place")
"""page: the URL of a page of the map, in any spelling. place: such a page, or the name of a host."""

_HEADER_LINE = re.compile(r"--(?: (?P<field>title|needs|param|choices): )?(?P<text>.*)")
_PARAMETER = re.compile(r"(?P<name>[a-z_][a-z0-9_]*)\s+(?P<type>\w+)\s+(?P<default>\S+)\s*(?P<help>.*)")
_INTEGER_LIMIT = 2**63


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a question must, or may, be told."""

    name: str
    type: str
    required: bool
    default: Value
    help: str
    choices: tuple[str, ...] = ()
    """All the texts that it takes; none: any."""

    def convert(self, value: Value) -> Value:
        """The value as this parameter's type. Raises UsageError where it is none of that type."""
        if value is None:
            if self.required:
                raise UsageError(f"{self.name} needs a value: {self.help}")
            return None
        if self.type == "integer":
            return _integer(self.name, value)
        if self.type == "real":
            return _real(self.name, value)
        if not isinstance(value, str):
            raise UsageError(f"{self.name} must be text, not {value!r}")
        if self.choices and value not in self.choices:
            raise UsageError(f"{self.name} must be one of {', '.join(self.choices)}, not {value!r}")
        return value


@dataclass(frozen=True, slots=True)
class Question:
    """What one SQL file asks, and what its header says of it."""

    name: str
    title: str
    explanation: str
    needs: str | None
    parameters: tuple[Parameter, ...]
    sql: str

    def takes(self, name: str) -> bool:
        """Whether the question has a parameter of this name."""
        return any(parameter.name == name for parameter in self.parameters)


def questions() -> list[Question]:
    """Every question that linkmap ships, by name."""
    found = (entry for entry in question_folder().iterdir() if entry.name.endswith(".sql"))
    return [_read(entry) for entry in sorted(found, key=lambda entry: entry.name)]


def find_question(name: str) -> Question:
    """The question of this name. Raises UsageError, naming what comes near, where there is none."""
    folder = question_folder()
    names = [entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql")]
    if name in names:
        return _read(folder.joinpath(f"{name}.sql"))
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`linkmap query` lists them all"
    raise UsageError(f"there is no question {name!r}: {hint}")


def question_folder() -> Traversable:
    """Where the files are: inside the package in a wheel, beside it in a checkout.

    An editable install knows the package only, so that the second place is looked for by path.
    """
    inside = files("linkmap").joinpath("queries")
    beside = Path(__file__).resolve().parent.parent / "queries"
    for place in (inside, beside):
        if place.is_dir():
            return place
    raise LinkmapError(
        "linkmap's own questions are missing: install it again with `pip install --force-reinstall linkmap`"
    )


def parse_question(name: str, sql: str) -> Question:
    """The question that an SQL text asks; without a header it has no title and declares no parameter."""
    title, needs, explanation = "", None, []
    parameters: list[Parameter] = []
    for line in sql.splitlines():
        found = _HEADER_LINE.fullmatch(line.rstrip())
        if not found:
            break
        field, text = found["field"], found["text"].strip()
        if field == "title":
            title = text
        elif field == "needs":
            needs = text
        elif field == "param":
            parameters.append(_parameter(name, text))
        elif field == "choices":
            parameters.append(_with_choices(name, text, parameters))
        else:
            explanation.append(text)
    return Question(name, title, "\n".join(explanation).strip(), needs, tuple(parameters), sql)


def _read(entry: Traversable) -> Question:
    return parse_question(entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8"))


def _parameter(question: str, text: str) -> Parameter:
    found = _PARAMETER.fullmatch(text)
    if not found or found["type"] not in TYPES:
        raise UsageError(
            f"{question}: `-- param: {text}` is not `-- param: NAME TYPE DEFAULT HELP` "
            f"with a type of {', '.join(TYPES)}, and a default that may be {REQUIRED} or {OPTIONAL}"
        )
    name, kind, default, help_text = found.groups()
    if default in (REQUIRED, OPTIONAL):
        return Parameter(name, kind, default == REQUIRED, None, help_text)
    untyped = Parameter(name, kind, False, None, help_text)
    return Parameter(name, kind, False, untyped.convert(default), help_text)


def _with_choices(question: str, text: str, parameters: list[Parameter]) -> Parameter:
    """The parameter that was declared last, taken from the list, with the choices that a line gives it."""
    name, _, listed = text.partition(" ")
    choices = tuple(filter(None, (choice.strip() for choice in listed.split(","))))
    if not choices or not parameters or (parameters[-1].name, parameters[-1].type) != (name, "text"):
        raise UsageError(
            f"{question}: `-- choices: {text}` is not `-- choices: NAME ONE, TWO ...` below the text parameter NAME"
        )
    declared = parameters.pop()
    if declared.default is not None and declared.default not in choices:
        raise UsageError(f"{question}: the default of {name} is none of its choices")
    return replace(declared, choices=choices)


def _integer(name: str, value: Value) -> int:
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            raise UsageError(f"{name} must be a whole number, not {value!r}") from None
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{name} must be a whole number, not {value!r}")
    if not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        raise UsageError(f"{name} must be a number of at most 64 bits")
    return value


def _real(name: str, value: Value) -> float:
    try:
        number = math.nan if isinstance(value, bytes | bool | None) else float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"{name} must be a number, not {value!r}")
    return number
