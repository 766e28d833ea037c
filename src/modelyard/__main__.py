"""`python -m modelyard` is the command line."""

from modelyard.cli.__main__ import run

if __name__ == "__main__":
    run()
