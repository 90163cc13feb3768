import sys

from plumbline_trainer.cli import main

sys.exit(main(sys.argv[1:]))
