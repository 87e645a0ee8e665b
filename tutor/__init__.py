"""Learn the mathematics and the PyTorch of deep learning in a terminal."""

__version__ = "0.1.0"
