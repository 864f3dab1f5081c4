"""One execution of an experiment, and the directory it leaves behind."""
