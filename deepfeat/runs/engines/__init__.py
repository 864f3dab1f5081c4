"""Where the work of a run is done: in this process, or by workers on this machine or on a cluster."""
