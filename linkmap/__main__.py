"""Where the command `linkmap` starts, and `python -m linkmap`.

The command line answers Ctrl-C in a word. Before it is loaded, and once it has said all, Ctrl-C just ends the process.
"""

import signal


def main() -> None:
    """Load the command line and run it."""
    given = signal.getsignal(signal.SIGINT)
    if given is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from linkmap.cli import main as run

    signal.signal(signal.SIGINT, given)
    try:
        run()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
