"""Networks: the layers, losses and named presets that an experiment can train."""
