from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.installation import Installation, an_installation
from tests.e2e.killer import launch
from tests.e2e.stories import RELEASE, Story, tell


@pytest.fixture(scope="session")
def running() -> Iterator[Story]:
    """An installation with a release in production, shared by tests that leave production as they found it."""
    with released() as story:
        yield story


@pytest.fixture(scope="module")
def releasing() -> Iterator[Story]:
    """The same, for tests that release more."""
    with released() as story:
        yield story


@pytest.fixture
def empty() -> Iterator[Installation]:
    """An installation whose repository has no commit yet."""
    with an_installation(launch) as one:
        one.start()
        yield one


@pytest.fixture(scope="session")
def nothing_yet() -> Iterator[Installation]:
    """The same, for tests that leave it so."""
    with an_installation(launch) as one:
        one.start()
        yield one


@contextmanager
def released() -> Iterator[Story]:
    with an_installation(launch) as one:
        one.start()
        story = Story(one)
        story.begin()
        story.write_a_change()
        tell(story, RELEASE)
        yield story
