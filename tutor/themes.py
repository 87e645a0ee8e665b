"""The two themes, and the colours that meanings have in them."""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

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
        "scrollbar": "#465062",
        "scrollbar-hover": "#7d8899",
        "scrollbar-active": "#6cb6ff",
        "scrollbar-background": "#12151b",
        "scrollbar-background-hover": "#12151b",
        "scrollbar-background-active": "#12151b",
        "scrollbar-corner-color": "#12151b",
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
        "scrollbar": "#b4b8bd",
        "scrollbar-hover": "#666d78",
        "scrollbar-active": "#0a5fa8",
        "scrollbar-background": "#fcfcfa",
        "scrollbar-background-hover": "#fcfcfa",
        "scrollbar-background-active": "#fcfcfa",
        "scrollbar-corner-color": "#fcfcfa",
        "border-blurred": "#cfd0ca",
        "footer-key-foreground": "#8f5200",
    },
)
"""Dark letters on light."""

PLAIN = "ansi_default"
"""The terminal's own colour of letters, and of what is behind them."""

MONO = Theme(
    name="tutor-mono",
    ansi=True,
    background=PLAIN,
    surface=PLAIN,
    panel=PLAIN,
    foreground=PLAIN,
    primary=PLAIN,
    secondary=PLAIN,
    accent=PLAIN,
    warning=PLAIN,
    error=PLAIN,
    success=PLAIN,
    boost=PLAIN,
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "muted": PLAIN,
        "faint": PLAIN,
        "border-blurred": PLAIN,
    },
)
"""No colours at all, for NO_COLOR."""

THEMES = (DARK, LIGHT)
"""The themes by the order in which a key steps through them."""
