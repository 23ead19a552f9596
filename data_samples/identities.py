"""The people of the samples. None exists: names say test, addresses end in .invalid.

`CANARIES` holds every string that may identify somebody. Tests search for them in whatever the
product leaves behind, so each is long or odd enough not to occur by chance.
"""

from dataclasses import dataclass, fields

__all__ = ["CANARIES", "CLINICS", "PEOPLE", "Clinic", "Person", "canary_strings"]


@dataclass(frozen=True, slots=True)
class Person:
    """A test patient; age and gender are no canaries, the rest is."""

    last: str
    first: str
    chart: str
    born: str
    mail: str = ""
    phone: str = ""
    also: tuple[str, ...] = ()  # further spellings and relatives, planted somewhere
    age: int = 0
    gender: str = ""

    @property
    def full(self) -> str:
        """First name, then last name."""
        return f"{self.first} {self.last}"


@dataclass(frozen=True, slots=True)
class Clinic:
    """A test clinic."""

    name: str
    doctor: str
    mail: str
    operator: str


PEOPLE = {
    "pair": Person(
        "Testerson", "Tonibert", "CH-4471101", "1990-05-17", "tonibert.testerson@mail.invalid",
        "+49 30 555 0142", ("TESTERSON^TONIBERT",), 34, "male",
    ),
    "dirty": Person(
        "Probandova", "Alenka", "CH-4471102", "1983-11-30", "a.probandova@mail.invalid",
        "+420 555 010 143", ("Probandová",), 41, "female",
    ),
    "palate": Person(
        "王测试", "Ceshi", "CH-4471103", "1978-02-09", also=("Wangceshi",), age=46, gender="female"
    ),
    "quadrant": Person(
        "Müsterbeispiel", "Jörgen", "CH-4471104", "1969-08-21", "joergen@musterbeispiel.invalid",
        also=("Muesterbeispiel",), age=55, gender="male",
    ),
    "edentulous": Person(
        "Fictitia", "Adalgisa", "CH-4471105", "1947-12-03", age=76, gender="female"
    ),
    "metres": Person("Doedummy", "Danilo", "CH-4471106", "1995-04-01", age=29, gender="male"),
    "age_unknown": Person("Agelessova", "Veradana", "CH-4471108", ""),
    "minor": Person(
        "Kindermuster", "Kimberlin", "CH-4471109", "", also=("Elternmuster",), age=12,
        gender="female",
    ),
    "withheld": Person("Withholdson", "Wimbert", "CH-4471110", "1988-09-14", age=36, gender="male"),
}  # fmt: skip

CLINICS = {
    "de": Clinic(
        "Praxis Zahntest Musterstadt",
        "Dr. Odonta Prüfarzt",
        "praxis@zahntest.invalid",
        "Bedienerin Scanwitzka",
    ),
    "cz": Clinic(
        "Zubni ordinace Vzorkov",
        "MUDr. Bozena Zkusebni",
        "recepce@vzorkov.invalid",
        "Skenovaci Pomocnice",
    ),
    "cn": Clinic("样例口腔诊所", "李样本 医生", "front@yangli-dental.invalid", "OperatorYangben"),
}


def canary_strings(entry: Person | Clinic) -> list[str]:
    """Return every string of an entry that may identify somebody."""
    values: list[str] = []
    for field in fields(entry):
        value = getattr(entry, field.name)
        if isinstance(value, str) and field.name != "gender":
            values.append(value)
        elif isinstance(value, tuple):
            values.extend(value)
    return [value for value in values if value]


CANARIES: tuple[str, ...] = tuple(
    dict.fromkeys(
        value
        for entry in (*PEOPLE.values(), *CLINICS.values())
        for value in canary_strings(entry)
        if value != "Ceshi"  # too short; Wangceshi holds it
    )
)
