"""The screens: home, lesson, and those that lie over them."""
