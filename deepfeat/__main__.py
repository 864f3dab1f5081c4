"""`python -m deepfeat`."""

from deepfeat.cli import main

if __name__ == "__main__":
    main()
