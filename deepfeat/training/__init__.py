"""Training: what each member is trained on, and the loop that trains many as one."""
