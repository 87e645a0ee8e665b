"""How a training run is shown: the window on it, its chart and its numbers."""
