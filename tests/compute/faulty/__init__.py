"""A lesson whose tasks do what a lesson must not: tests install it, learners never see it."""

from tutor.api import Lesson

LESSON = Lesson(
    id="faulty",
    order=999,
    module={"en": "Faults", "ko": "고장"},
    title={"en": "Faults", "ko": "고장"},
    summary={"en": "Whatever can go wrong.", "ko": "잘못될 수 있는 모든 것."},
    minutes=1,
    goals=(),
    out_of_scope={"en": "Learning.", "ko": "배움."},
    sources=(),
    package="faulty",
)
