"""What people look at, made from the directory of a run and nothing else."""
