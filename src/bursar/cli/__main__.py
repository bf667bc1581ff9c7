"""`python -m bursar.cli`: the command line without an installed script."""

from bursar.cli.app import main

main()
