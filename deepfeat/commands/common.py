"""What all commands have in common."""

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""How `--help` is asked for, and how wide it is at most."""
