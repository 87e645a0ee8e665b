"""Tools for those who write lessons: the linter and the scaffold."""
