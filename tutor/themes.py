"""The two themes, and the colours that meanings have in them."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="tutor-dark",
    dark=True,
    background="#12151b",
    surface="#171b22",
    panel="#20262f",
    foreground="#d8dee9",
    primary="#6cb6ff",
    secondary="#7fd1ae",
    accent="#ffc26b",
    warning="#ffc26b",
    error="#ff7b72",
    success="#7ee08a",
    variables={
        "muted": "#7d8899",
        "faint": "#465062",
        "border-blurred": "#343c49",
        "footer-key-foreground": "#ffc26b",
    },
)
"""Light letters on dark."""

LIGHT = Theme(
    name="tutor-light",
    dark=False,
    background="#fcfcfa",
    surface="#f5f5f1",
    panel="#e9e9e2",
    foreground="#22262d",
    primary="#0a5fa8",
    secondary="#12705a",
    accent="#8f5200",
    warning="#8f5200",
    error="#b3261e",
    success="#1a7334",
    variables={
        "muted": "#666d78",
        "faint": "#b4b8bd",
        "border-blurred": "#cfd0ca",
        "footer-key-foreground": "#8f5200",
    },
)
"""Dark letters on light."""

THEMES = (DARK, LIGHT)
"""The themes by the order in which a key steps through them."""
