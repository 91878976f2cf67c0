"""`python -m linkmap` is the command `linkmap`."""

from linkmap.cli import main

if __name__ == "__main__":
    main()
