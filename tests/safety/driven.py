"""Runs several of our commands in one fresh process: `python driven.py '[["run", ...], ["compare", ...]]'`."""

import json
import sys

from unbidden import cli

for words in json.loads(sys.argv[1]):
    sys.argv = ["unbidden", *words]
    print(f"--- {words[0]}", flush=True)  # noqa: T201 - the test reads it
    try:
        cli.main()
    except SystemExit as ended:
        print(f"--- exit {ended.code or 0}", flush=True)  # noqa: T201
