import threading
from pathlib import Path

import pytest
from loopback import serving, slowly
from support import until
from test_mnist import ALL_SIZE, SERVED, SMALL, SOON, sound

from tutor.data.fetching import NAME, fetching
from tutor.errors import TutorError


def test_all_is_fetched_and_told(tmp_path: Path) -> None:
    with serving(SERVED) as mirror:
        news = [one for one in fetching(tmp_path, [mirror.url], files=SMALL) if one]
    assert news[-1].all_received == news[-1].all_size == ALL_SIZE
    assert [one.all_received for one in news] == sorted(one.all_received for one in news)
    assert all(sound(tmp_path))


def test_who_leaves_stops_it_and_may_go_on_later(tmp_path: Path) -> None:
    with serving(SERVED) as mirror:
        mirror.behaviours = [slowly(0.2)]
        coming = fetching(tmp_path, [mirror.url], files=SMALL, patience=SOON)
        assert next(one for one in coming if one).received < ALL_SIZE
        coming.close()
        until(lambda: NAME not in {thread.name for thread in threading.enumerate()})
        assert not any(sound(tmp_path))
    with serving(SERVED) as mirror:
        list(fetching(tmp_path, [mirror.url], files=SMALL, patience=SOON))
    assert all(sound(tmp_path))


def test_what_goes_wrong_is_raised(tmp_path: Path) -> None:
    with serving({}) as mirror, pytest.raises(TutorError) as error:
        list(fetching(tmp_path, [mirror.url], files=SMALL, patience=SOON))
    assert mirror.host in str(error.value)
