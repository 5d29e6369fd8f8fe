"""Makes `python -m reaper` the command `reaper`."""

from reaper.cli.main import main

if __name__ == "__main__":
    main()
