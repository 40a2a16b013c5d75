"""Base64 in pieces means what it means as a whole."""

import copy
import pickle
import random
import re
from base64 import b64decode, b64encode
from hashlib import sha1

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import base64_pieces
from shared.base64_pieces import Base64, decoded, is_base64
from shared.formats.sidecar.document import Measured, measured
from tests.peak import at_most

WELL_FORMED = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)")
TEXTS = st.lists(
    st.sampled_from(["TVNI", "fA==", "fHw=", "A", "AB", "=", " ", "\r\n", "\t", "é", "-", "\x0b", "\x00"]), max_size=9
)
LARGE = b64encode(random.Random(1).randbytes(6_000_000)).decode()


@pytest.fixture(autouse=True, params=[1, 3, 4, 7, 1 << 20])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "most" not in request.fixturenames:
        monkeypatch.setattr(base64_pieces, "PIECE", request.param)


def check(parts: list[str]) -> None:
    text = "".join(parts)
    bare = re.sub("[ \t\r\n]", "", text)
    assert is_base64(text) == (WELL_FORMED.fullmatch(bare) is not None)
    try:
        made = b"".join(decoded(text))
    except ValueError:
        made = None
    assert made == (b64decode(bare) if is_base64(text) or not bare else None)


@pytest.mark.parametrize(
    "text", ["", "TVNI", "TVNIfA==", "TV NI\r\nfA==", "fA==TVNI", "fA=", "A", "T=", "TVé=", "TVNI-", "fA== =", " "]
)
def test_a_text(text: str) -> None:
    check([text])


def test_any_text() -> None:
    given(TEXTS)(check)()


def test_only_base64_is_known_to_be_base64_and_only_as_long_as_it_is_not_changed() -> None:
    @given(TEXTS.map("".join), TEXTS.map("".join))
    def check(text: str, more: str) -> None:
        if not is_base64(text):
            with pytest.raises(ValueError, match="not base64"):
                Base64(text)
            return
        known = Base64(text)
        assert known == text
        assert copy.deepcopy(known) == pickle.loads(pickle.dumps(known)) == text
        assert is_base64(known)
        for changed in (
            known + more,
            more + known,
            known[1:],
            known.replace("A", more),
            f"{known}{more}",
            "".join([known, more]),
        ):
            assert is_base64(changed) == is_base64("".join(list(changed)))

    check()


@pytest.mark.parametrize("most", [1_500_000])
def test_a_document_is_not_in_memory_once_more(most: int) -> None:
    with at_most(most):
        assert sum(map(len, decoded(LARGE))) == 6_000_000
        assert is_base64(LARGE)


@pytest.mark.parametrize("data", ["", "TVNI", "TVNIfA==", "TV\r\nNI", "TV*NI", "fA==TVNI", LARGE[:40_000]])
def test_a_document_is_measured_as_a_whole(data: str) -> None:
    whole = b64decode(data)
    assert measured({"data": data}) == Measured(len(whole), b64encode(sha1(whole, usedforsecurity=False).digest()).decode())


@pytest.mark.parametrize("most", [1_500_000])
def test_a_document_is_measured_without_a_copy(most: int) -> None:
    with at_most(most):
        measured({"data": LARGE})
