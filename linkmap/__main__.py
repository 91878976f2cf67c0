"""Where the command `linkmap` starts, and `python -m linkmap`.

The command line answers Ctrl-C in a word. Before it is loaded, and once it has said all, Ctrl-C just ends the process.
"""

import gc
import os
import sys

try:
    import signal
except KeyboardInterrupt:  # for a millisecond Ctrl-C is Python's still
    sys.exit(1)


def main() -> None:
    """Load the command line and run it."""
    _open_closed_streams()
    given = signal.getsignal(signal.SIGINT)
    if given is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()  # until the command is loaded (Commands.get_command): what is loaded is there to stay
    from linkmap.cli import main as run

    signal.signal(signal.SIGINT, given)
    try:
        run()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _open_closed_streams() -> None:
    """Lead to nowhere what the shell closed (`>&-`): else the next file would stand where words are written."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 it stays for as long as the process


if __name__ == "__main__":
    main()
