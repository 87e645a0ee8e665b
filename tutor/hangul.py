"""Letters of the Korean keyboard as the keys they lie on.

A learner who writes Korean often presses `n` while the keyboard is in Hangul, and the terminal
sends ㅜ. The layout is the two-set one (KS X 5002).
"""

KEYS = dict(
    zip(
        "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅃㅉㄸㄲㅆㅒㅖ",
        "qwertyuiopasdfghjklzxcvbnmQWERTOP",
        strict=True,
    )
)
"""The Latin letter on the key of each Korean one."""
