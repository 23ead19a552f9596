import pytest

from stsbench.domain.dentition import Arch
from stsbench.samples.tooth_tables import tooth_class, tooth_row


@pytest.mark.parametrize("arch", list(Arch))
def test_every_position_has_a_sound_row(arch):
    for position in range(1, 9):
        row = tooth_row(arch, position)
        height, md, md_cervix, bl, bl_cervix = row.sizes_mm
        assert 6 < height < 12
        assert md_cervix < md
        assert bl_cervix < bl
        assert set(row.outline) == {"mesial", "distal", "buccal", "lingual"}
        for knots in row.outline.values():
            heights = [t for t, _ in knots]
            assert heights == sorted(heights)
            assert heights[0] > 0
            assert heights[-1] == 1.0
        assert bool(row.cusps) == (position >= 4)


@pytest.mark.parametrize(
    ("arch", "position", "kind"),
    [
        (Arch.MAXILLARY, 1, "upper_incisor"),
        (Arch.MANDIBULAR, 3, "canine"),
        (Arch.MANDIBULAR, 5, "lower_premolar"),
        (Arch.MAXILLARY, 6, "upper_molar"),
    ],
)
def test_tooth_class(arch, position, kind):
    assert tooth_class(arch, position) == kind
