"""`python -m compose2aws` is the command `compose2aws`."""

from compose2aws.cli import main

if __name__ == "__main__":
    main()
