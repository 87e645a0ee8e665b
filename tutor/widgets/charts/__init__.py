"""The steps from a chart to lines of text, one idea a file."""
