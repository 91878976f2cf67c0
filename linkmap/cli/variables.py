"""What is wrong with LINKMAP_... variables, said in the words of the environment."""

import os
import re

import click
from click.core import ParameterSource

_WORDS = (
    (re.compile(r"is not a valid integer( range)?\.$"), "is not a whole number."),
    (re.compile(r"is not a valid float( range)?\.$"), "is not a number."),
    (re.compile(r"is not a valid boolean\b.*", re.DOTALL), "is neither true nor false: give 1 or 0."),
)


def reworded(error: click.BadParameter) -> click.BadParameter:
    """The error about a value, in plain words, and with the variable's name where the value came from one."""
    message = error.message
    for pattern, words in _WORDS:
        message = pattern.sub(words, message)
    if message != error.message:
        error = click.BadParameter(message, error.ctx, error.param, error.param_hint)
    if error.ctx and error.param and error.param.name:
        source = error.ctx.get_parameter_source(error.param.name)
        if source is ParameterSource.ENVIRONMENT:
            error.param_hint = f"environment variable {error.param.envvar}"
    return error


def unknown_variables(command: click.Command) -> list[str]:
    """A sentence for each variable that is set under the command's prefix and is none of its options.

    They are no error: other programs may use the prefix for their own.
    """
    options = {each.name: each for each in command.params if isinstance(each, click.Option)}
    prefix = f"LINKMAP_{command.name}_".upper()
    known = {str(option.envvar) for option in options.values()}
    return [
        f"The environment variable {name} is none of linkmap's and was passed over" + _nearest(name, prefix, options)
        for name, value in sorted(os.environ.items())
        if value and name.startswith(prefix) and name not in known
    ]


def _nearest(name: str, prefix: str, options: dict[str, click.Option]) -> str:
    """The end of the sentence: the variable that may have been meant."""
    from difflib import get_close_matches

    words = {
        word.lstrip("-").upper().replace("-", "_"): str(option.envvar)
        for option in options.values()
        for word in (*option.opts, *option.secondary_opts)
        if word.startswith("--")
    }
    near = get_close_matches(name.removeprefix(prefix), words, 1, 0)
    return f": the nearest is {words[near[0]]}." if near else "."
