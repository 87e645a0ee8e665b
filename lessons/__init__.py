"""The built-in lessons, found through the same entry-point group as anyone's."""
