"""The letter in the README is one that the program really makes."""

import struct

from app import config
from app.adapters.pdf.letter import render_letter
from tools import pictures


def test_the_letter_of_the_picture_is_rendered_and_always_the_same():
    first, second = render_letter(pictures.demand()), render_letter(pictures.demand())
    assert first.startswith(b"%PDF")
    assert first == second


def test_the_picture_is_an_upright_a4_page():
    head = (config.ROOT / "docs" / "pictures" / "letter.png").read_bytes()[:24]
    width, height = struct.unpack(">II", head[16:24])
    assert head.startswith(b"\x89PNG")
    assert abs(height / width - 297 / 210) < 0.01
