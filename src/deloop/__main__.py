"""``python -m deloop``: the command line, where the script ``deloop`` is not on the path."""

from deloop.cli import main

if __name__ == "__main__":
    main(prog_name="deloop")
