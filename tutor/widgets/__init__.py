"""The widgets that all lessons share, one idea a file."""
