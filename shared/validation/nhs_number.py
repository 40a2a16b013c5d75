"""The NHS Number: ten digits, the last a check digit. NHS Data Dictionary, NHS NUMBER."""

from operator import mul

_WEIGHTS = (10, 9, 8, 7, 6, 5, 4, 3, 2)
_ZEROS = sum(_WEIGHTS) * ord("0")  # the weighted sum of nine digits as bytes, minus that as numbers
_CHECK_DIGITS = ("0", "", "9", "8", "7", "6", "5", "4", "3", "2", "1")  # by the remainder of 11


def is_nhs_number(text: str) -> bool:
    """Whether a text is ten digits with a valid check digit (modulus 11); spaces and hyphens are not allowed.

    >>> is_nhs_number("9990000018"), is_nhs_number("9990000019"), is_nhs_number("999 000 0018"), is_nhs_number("")
    (True, False, False, False)
    """
    return len(text) == 10 and text.isascii() and text.isdigit() and check_digit(text[:9]) == text[9]


def check_digit(nine: str) -> str:
    """The check digit of nine digits; ``""`` if no NHS Number begins with them.

    >>> check_digit("943476591"), check_digit("999000001")
    ('9', '8')
    """
    return _CHECK_DIGITS[(sum(map(mul, _WEIGHTS, nine.encode())) - _ZEROS) % 11]
