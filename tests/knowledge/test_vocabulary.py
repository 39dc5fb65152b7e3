"""The closed lists: strictly read, and true among themselves."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import knowledge.vocabulary
from knowledge.strict_yaml import DataError
from knowledge.vocabulary import Vocabulary, load_vocabulary

LISTS = Path(knowledge.vocabulary.__file__).parent
CASES = sorted((Path(__file__).parent / "bad" / "vocabulary").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_bad_list_is_refused_where_the_error_stands(case: Path, tmp_path: Path) -> None:
    (bad,) = case.iterdir()
    for path in LISTS.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    shutil.copy(bad, tmp_path)
    match = re.match(r"# expect: (\d+): (.+)\n", bad.read_text(encoding="utf-8"))
    assert match
    with pytest.raises(DataError) as caught:
        load_vocabulary(tmp_path)
    (problem,) = caught.value.problems
    assert problem.path.name == bad.name
    assert (problem.line, match[2] in problem.message) == (int(match[1]), True), str(problem)
    assert len(problem.mend) >= 8


def test_a_missing_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_vocabulary(tmp_path)


def test_regions_lead_up_to_the_country(words: Vocabulary) -> None:
    assert words.ancestors("150203") == ("150203", "150200", "150000", "100000")
    assert words.ancestors("100000") == ("100000",)
    assert words.ancestors("999999") == ()
    assert all(words.ancestors(code)[-1] == "100000" for code in words.regions)


def test_descendants_are_the_other_side_of_ancestors(words: Vocabulary) -> None:
    below = words.descendants("150000")
    assert {"150000", "150200", "150203"} <= set(below)
    assert "440100" not in below
    assert words.descendants("999999") == ()


def test_a_group_belongs_to_its_wider_groups_and_to_itself(words: Vocabulary) -> None:
    assert words.groups_above("blind") == {"blind", "disabled"}
    assert words.groups_above("disabled") == {"disabled"}
    assert words.groups_above("disabled_registered_poor") >= {"disabled", "registered_poor"}
    assert words.groups_above("nobody") == frozenset()


def test_circles_do_not_hang(words: Vocabulary, tmp_path: Path) -> None:
    for path in LISTS.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "groups.yaml").write_text(
        "- {id: a, label: 甲, within: [b]}\n- {id: b, label: 乙, within: [a]}\n", encoding="utf-8"
    )
    (tmp_path / "regions.yaml").write_text(
        '- {id: "1", label: 甲, short: 甲, parent: "2"}\n'
        '- {id: "2", label: 乙, short: 乙, parent: "1"}\n',
        encoding="utf-8",
    )
    circular = load_vocabulary(tmp_path)
    assert circular.groups_above("a") == {"a", "b"}
    assert circular.ancestors("1") == ("1", "2")


def test_verbs_are_ranked_as_the_documents_mean_them(words: Vocabulary) -> None:
    rising = ["研究", "力争", "鼓励", "支持", "开展", "可", "按规定", "给予", "必须"]
    strengths = [words.strength_of(verb) for verb in rising]
    ranks = [words.rank(strength) for strength in strengths if strength is not None]
    assert len(ranks) == len(rising)
    assert ranks == sorted(set(ranks))
    assert words.strength_of("恩准") is None


def test_an_agency_is_found_by_each_of_its_names(words: Vocabulary) -> None:
    for agency in words.agencies.values():
        for name in agency.called:
            found = words.agency_named(name)
            assert found is not None
            assert found.id == agency.id, f"{name} is under {found.id} and {agency.id}"
    assert words.agency_named("市气象局") is None


@pytest.mark.parametrize(
    ("said", "kind", "meant"),
    [
        ("阿姨", "occupations", "housekeeper"),
        ("保姆", "occupations", "housekeeper"),
        ("钟点工", "occupations", "housekeeper"),
        ("月嫂", "occupations", "maternity_care"),
        ("育儿嫂", "occupations", "infant_care"),
        ("护工", "occupations", "medical_care"),
        ("退伍兵", "groups", "veteran"),
        ("两后生", "groups", "unenrolled_graduate"),
        ("低保", "groups", "subsistence"),
        ("脱贫人口", "groups", "out_of_poverty"),
        ("零就业家庭", "groups", "zero_employment_family"),
        ("4050", "groups", "forty_fifty"),
        ("高校毕业生", "groups", "graduate"),
        ("留守妇女", "groups", "left_behind_woman"),
        ("灵活就业", "groups", "flexible_worker"),
        ("失业", "groups", "unemployed"),
        ("残疾人", "groups", "disabled"),
        ("昆区", "regions", "150203"),
        ("包头", "regions", "150200"),
        ("沈阳", "regions", "210100"),
    ],
)
def test_people_s_own_words_are_known(said: str, kind: str, meant: str, words: Vocabulary) -> None:
    assert said in getattr(words, kind)[meant].called
