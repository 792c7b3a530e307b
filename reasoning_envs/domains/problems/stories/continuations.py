"""How stories go on: each continuation takes what the story has come to, tells one thing more, and works it in."""

from __future__ import annotations

from fractions import Fraction

from reasoning_envs.domains.problems.stories.teller import MisfitError, Piece, Quantity, Teller, decimal, whole

__all__ = ["CONTINUATIONS"]


def _discount(t: Teller, q: Quantity) -> Quantity:
    percent = t.pick((5, 10, 15, 20, 25, 30, 40, 50))
    t.tell(
        f"A voucher takes {percent}% off {q.the}.",
        f"Thanks to a voucher, {q.the} shrinks by {percent}%.",
    )
    off = t.work("The voucher is worth", f"{percent}% of {t.amount(q.value)}", q.value * percent / 100, "money")
    left = t.work("What remains is", f"{t.amount(q.value)} - {t.amount(off)}", q.value - off, "money")
    return Quantity(
        left, "money", q.noun, "the reduced sum",
        ("How much is it after the voucher?", "What is the sum once the voucher is used?"),
    )  # fmt: skip


def _split(t: Teller, q: Quantity) -> Quantity:
    friends = t.between(2, 8)
    t.tell(
        f"{t.count(friends).capitalize()} colleagues divide {q.the} equally among themselves.",
        f"It is agreed that {q.the} is divided equally among {t.count(friends)} colleagues.",
    )
    share = t.work("Each share is", f"{t.amount(q.value)} / {friends}", q.value / friends, "money")
    return Quantity(
        share,
        "money",
        q.noun,
        "one share",
        ("How much is the share of one colleague?", "What is each colleague's share?"),
    )


def _gift(t: Teller, q: Quantity) -> Quantity:
    more = t.price(2, 40)
    t.tell(
        f"An aunt from Lisbon adds {t.amount(more)} to {q.the}.",
        f"To {q.the}, an aunt from Lisbon adds {t.amount(more)}.",
    )
    total = t.work("With the aunt's money it is", f"{t.amount(q.value)} + {t.amount(more)}", q.value + more, "money")
    return Quantity(
        total, "money", q.noun, "the sum with the aunt's money",
        ("How much is it with the aunt's money?", "What is the sum with the aunt's money?"),
    )  # fmt: skip


def _spend(t: Teller, q: Quantity) -> Quantity:
    if q.value < 4:
        raise MisfitError
    cost = t.between(2, min(60, int(q.value) - 1))
    t.tell(
        f"A repair for {t.amount(cost)} is taken out of {q.the}.",
        f"Out of {q.the}, {t.amount(cost)} goes into a repair.",
    )
    left = t.work("After the repair there is left", f"{t.amount(q.value)} - {t.amount(cost)}", q.value - cost, "money")
    return Quantity(
        left, "money", q.noun, "what is left of the money",
        ("How much is left after the repair?", "How much money remains after the repair?"),
    )  # fmt: skip


def _exchange(t: Teller, q: Quantity) -> Quantity:
    price = t.between(2, 9)
    if q.value % price:
        raise MisfitError
    t.tell(
        f"For the whole of {q.the}, one gets raffle cards at {t.amount(price)} a card.",
        f"Raffle cards cost {t.amount(price)} a card, and {q.the} is spent on them entirely.",
    )
    cards = t.work("That buys", f"{t.amount(q.value)} / {t.amount(price)}", q.value / price, "cards")
    return Quantity(cards, "count", "cards", "the raffle cards", ("How many raffle cards is that?",))


def _monthly(t: Teller, q: Quantity) -> Quantity:
    months = t.between(2, 12)
    t.tell(
        f"The same amount, {q.the}, comes up in each of {t.count(months)} months.",
        f"In each of {t.count(months)} months the same amount comes up again: {q.the}.",
    )
    total = t.work("Over the months it adds up to", f"{months} * {t.amount(q.value)}", months * q.value, "money")
    return Quantity(
        total, "money", q.noun, "the amount of all the months",
        ("How much is it for all the months together?", "What does it add up to over these months?"),
    )  # fmt: skip


def _give_away(t: Teller, q: Quantity) -> Quantity:
    below = t.divisor(q.value, 2, 6)
    t.tell(
        f"{t.friend.name}'s school is given 1/{below} of {q.the}.",
        f"Of {q.the}, 1/{below} goes to {t.friend.name}'s school.",
    )
    gone = t.work("The school gets", f"{decimal(q.value)} / {below}", q.value / below, q.noun)
    left = t.work("That leaves", f"{decimal(q.value)} - {decimal(gone)}", q.value - gone, q.noun)
    return Quantity(
        left, "count", q.noun, f"the {q.noun} that the school does not get",
        (f"How many {q.noun} does the school not get?", f"How many {q.noun} are left when the school has its part?"),
    )  # fmt: skip


def _pack(t: Teller, q: Quantity) -> Quantity:
    size = t.divisor(q.value, 2, 12)
    t.tell(
        f"Into every parcel go {t.count(size)} of {q.the}, with none left over.",
        f"{q.the[0].upper()}{q.the[1:]} are put into parcels of {t.count(size)}, with none left over.",
    )
    parcels = t.work("That fills", f"{decimal(q.value)} / {size}", q.value / size, "parcels")
    return Quantity(parcels, "count", "parcels", "the parcels", ("How many parcels does that fill?",))


def _sell(t: Teller, q: Quantity) -> Quantity:
    price = t.price(1, 6)
    t.tell(
        f"A dealer pays {t.amount(price)} apiece for {q.the}.",
        f"For {q.the}, a dealer pays {t.amount(price)} apiece.",
    )
    income = t.work("The dealer pays", f"{decimal(q.value)} * {t.amount(price)}", q.value * price, "money")
    return Quantity(
        income, "money", t.currency.word, "what the dealer pays",
        ("How much does the dealer pay?", "How much money does the dealer hand over?"),
    )  # fmt: skip


def _lose(t: Teller, q: Quantity) -> Quantity:
    if q.value < 6:
        raise MisfitError
    lost = t.between(2, min(40, int(q.value) - 2))
    t.tell(
        f"A flood in the cellar ruins {t.count(lost)} of {q.the}.",
        f"Of {q.the}, {t.count(lost)} are ruined by a flood in the cellar.",
    )
    left = t.work("The flood leaves", f"{decimal(q.value)} - {lost}", q.value - lost, q.noun)
    return Quantity(
        left, "count", q.noun, f"the {q.noun} that the flood spares", (f"How many {q.noun} does the flood spare?",)
    )


def _double(t: Teller, q: Quantity) -> Quantity:
    times, word = t.pick(((2, "twice"), (3, "three times")))
    t.tell(
        f"By the following spring there are {word} as many {q.noun}.",
        f"The following spring sees {word} as many {q.noun}.",
    )
    total = t.work("In spring that makes", f"{times} * {decimal(q.value)}", times * q.value, q.noun)
    return Quantity(
        total, "count", q.noun, f"the {q.noun} of the spring",
        (f"How many {q.noun} are there in the spring?", f"How many {q.noun} does the spring see?"),
    )  # fmt: skip


def _fuel(t: Teller, q: Quantity) -> Quantity:
    litres = t.between(4, 9)
    t.tell(
        f"A van that follows all of {q.the} burns {t.count(litres)} litres of diesel for every 100 km.",
        f"With {t.count(litres)} litres of diesel for every 100 km, a van follows all of {q.the}.",
    )
    parts = t.work("In hundreds of kilometres it is", f"{decimal(q.value)} / 100", q.value / 100)
    used = t.work("The van burns", f"{decimal(parts)} * {litres}", parts * litres, "litres")
    return Quantity(used, "volume", "litres", "the diesel", ("How many litres of diesel does the van burn?",))


def _speed(t: Teller, q: Quantity) -> Quantity:
    speed = t.pick((4, 5, 8, 10, 16, 20, 25, 40, 50))
    if q.value < speed:
        raise MisfitError
    t.tell(
        f"A pigeon race follows {q.the} and is won at {speed} km per hour.",
        f"At {speed} km per hour a pigeon wins a race along {q.the}.",
    )
    hours = t.work("The pigeon takes", f"{decimal(q.value)} / {speed}", q.value / speed, "hours")
    return Quantity(hours, "time", "hours", "the pigeon's time", ("How many hours does the pigeon take?",))


def _return(t: Teller, q: Quantity) -> Quantity:
    times = t.between(3, 9)
    t.tell(
        f"A courier goes along {q.the} {t.count(times)} times a month.",
        f"{t.count(times).capitalize()} times a month a courier goes along {q.the}.",
    )
    total = t.work("In a month the courier covers", f"{times} * {decimal(q.value)}", times * q.value, "km")
    return Quantity(
        total, "distance", "km", "the courier's monthly way",
        ("How many kilometres does the courier cover in a month?", "How far does the courier go in a month, in km?"),
    )  # fmt: skip


def _per_metre(t: Teller, q: Quantity) -> Quantity:
    price = t.price(2, 20)
    unit = {"length": "metre", "area": "square metre", "volume": "litre", "mass": "kilogram", "distance": "kilometre"}
    t.tell(
        f"An invoice puts {q.the} at {t.amount(price)} per {unit[q.kind]}.",
        f"At {t.amount(price)} per {unit[q.kind]}, {q.the} is put on an invoice.",
    )
    cost = t.work("The invoice says", f"{decimal(q.value)} * {t.amount(price)}", q.value * price, "money")
    return Quantity(
        cost, "money", t.currency.word, "the amount of the invoice",
        ("How much is the invoice?", "What is the amount of the invoice?"),
    )  # fmt: skip


def _portion(t: Teller, q: Quantity) -> Quantity:
    size = t.pick((Fraction(1, 4), Fraction(1, 2), Fraction(1, 5), Fraction(2), Fraction(3)))
    if (q.value / size).denominator != 1:
        raise MisfitError
    one = {"volume": "litres", "mass": "kilograms"}[q.kind]
    t.tell(
        f"For the fair, jars of {decimal(size)} {one} are filled with {q.the}.",
        f"Jars of {decimal(size)} {one} are filled with {q.the} for the fair.",
    )
    jars = t.work("That fills", f"{decimal(q.value)} / {decimal(size)}", q.value / size, "jars")
    return Quantity(jars, "count", "jars", "the jars", ("How many jars does that fill?",))


def _groups(t: Teller, q: Quantity) -> Quantity:
    size = t.divisor(q.value, 2, 9)
    t.tell(
        f"At the tables, {t.count(size)} of {q.the} sit at each one, and every table is full.",
        f"Tables are set for {t.count(size)}, and with {q.the} every table is full.",
    )
    tables = t.work("The tables are", f"{decimal(q.value)} / {size}", q.value / size, "tables")
    return Quantity(tables, "count", "tables", "the tables", ("How many tables are there?",))


def _arrive(t: Teller, q: Quantity) -> Quantity:
    more = t.between(2, 30)
    t.tell(
        f"A school class of {more} then joins {q.the}.",
        f"Then {q.the} are joined by a school class of {more}.",
    )
    total = t.work("With the class there are", f"{decimal(whole_value(q))} + {more}", q.value + more, "people")
    return Quantity(
        total, "people", "people", "all those people with the class",
        ("How many people is that with the class?", "How many people are there once the class has come?"),
    )  # fmt: skip


def whole_value(q: Quantity) -> Fraction:
    """The value, which is to be whole."""
    return Fraction(whole(q.value))


def _collect(t: Teller, q: Quantity) -> Quantity:
    each = t.price(1, 8)
    t.tell(
        f"A collection plate gets {t.amount(each)} from each of {q.the}.",
        f"Each of {q.the} puts {t.amount(each)} onto a collection plate.",
    )
    income = t.work("On the plate there is", f"{decimal(q.value)} * {t.amount(each)}", q.value * each, "money")
    return Quantity(
        income, "money", t.currency.word, "the collection", ("How much is on the plate?", "How much is collected?")
    )


def _hours(t: Teller, q: Quantity) -> Quantity:
    times = t.between(2, 8)
    t.tell(
        f"The attendant sits through {q.the} {t.count(times)} times a week.",
        f"{t.count(times).capitalize()} times a week the attendant sits through {q.the}.",
    )
    total = t.work("In a week that is", f"{times} * {decimal(q.value)}", times * q.value, "minutes")
    hours = t.work("In hours that is", f"{decimal(total)} / 60", total / 60, "hours")
    return Quantity(
        hours, "time", "hours", "the attendant's time", ("How many hours a week does the attendant sit there?",)
    )


def _paid_time(t: Teller, q: Quantity) -> Quantity:
    wage = t.between(8, 30)
    t.tell(
        f"A sponsor gives {t.amount(wage)} for every hour of {q.the}.",
        f"For every hour of {q.the}, a sponsor gives {t.amount(wage)}.",
    )
    pay = t.work("The sponsor gives", f"{decimal(q.value)} * {t.amount(wage)}", q.value * wage, "money")
    return Quantity(
        pay, "money", t.currency.word, "the sponsor's gift",
        ("How much does the sponsor give?", "How large is the sponsor's gift?"),
    )  # fmt: skip


def _years_on(t: Teller, q: Quantity) -> Quantity:
    years = t.between(2, 20)
    t.tell(
        f"The question is about the day {t.count(years)} years from then.",
        f"Now think of the day {t.count(years)} years from then.",
    )
    age = t.work("At that time the age is", f"{decimal(q.value)} + {years}", q.value + years, "years")
    who = q.the.removesuffix("'s age").removesuffix(" then")
    return Quantity(
        age, "years", "years", q.the, (f"How old is {who} on that day?", f"What is {who}'s age on that day?")
    )


def _candles(t: Teller, q: Quantity) -> Quantity:
    size = t.between(2, 6)
    t.tell(
        f"For a birthday there are {t.count(size)} paper lanterns for each year of {q.the}.",
        f"Each year of {q.the} is given {t.count(size)} paper lanterns for a birthday.",
    )
    total = t.work("The birthday takes", f"{decimal(q.value)} * {size}", q.value * size, "lanterns")
    return Quantity(total, "count", "lanterns", "the paper lanterns", ("How many paper lanterns are there?",))


def _record(t: Teller, q: Quantity) -> Quantity:
    times, word = t.pick(((3, "three times"), (4, "four times"), (5, "five times")))
    t.tell(
        f"The record of the town stands at {word} that number.",
        f"That number, {word} over, is the record of the town.",
    )
    record = t.work("The record is", f"{times} * {decimal(q.value)}", times * q.value, q.noun)
    return Quantity(
        record,
        "number",
        q.noun,
        "the record",
        ("What is the record of the town?", "Which number is the town's record?"),
    )


def _earlier(t: Teller, q: Quantity) -> Quantity:
    more = t.between(3, 90)
    t.tell(
        f"In the almanac of last year the number was higher by {more}.",
        f"By {more} the number in the almanac of last year was higher.",
    )
    number = t.work("Last year the number was", f"{decimal(q.value)} + {more}", q.value + more, q.noun)
    return Quantity(
        number, "number", q.noun, "the number of last year",
        ("Which number stands in the almanac?", "What is the number in the almanac?"),
    )  # fmt: skip


_GOODS = ("count",)

CONTINUATIONS: tuple[Piece, ...] = (
    Piece("discount", r"\bvoucher\b", _discount, ("money",)),
    Piece("split", r"\bcolleagues\b", _split, ("money",)),
    Piece("gift", r"\baunt from Lisbon\b", _gift, ("money",)),
    Piece("spend", r"\brepair\b", _spend, ("money",)),
    Piece("exchange", r"[Rr]affle cards", _exchange, ("money",)),
    Piece("monthly", r"[Tt]he same amount", _monthly, ("money",)),
    Piece("give away", r"'s school\b", _give_away, _GOODS),
    Piece("pack", r"\b(?:every parcel go|into parcels of)\b", _pack, _GOODS),
    Piece("sell", r"\bdealer\b", _sell, _GOODS),
    Piece("lose", r"\bflood in the cellar\b", _lose, _GOODS),
    Piece("double", r"\bfollowing spring\b", _double, _GOODS),
    Piece("fuel", r"\bdiesel\b", _fuel, ("distance",)),
    Piece("speed", r"\bpigeon\b", _speed, ("distance",)),
    Piece("courier", r"\bcourier\b", _return, ("distance",)),
    Piece("invoice", r"\binvoice\b", _per_metre, ("length", "area", "volume", "mass", "distance")),
    Piece("jars", r"[Jj]ars of\b", _portion, ("volume", "mass")),
    Piece("tables", r"\bevery table\b", _groups, ("people",)),
    Piece("class", r"\bschool class\b", _arrive, ("people",)),
    Piece("collection", r"\bcollection plate\b", _collect, ("people",)),
    Piece("attendant", r"\battendant\b", _hours, ("minutes",)),
    Piece("sponsor", r"\bsponsor\b", _paid_time, ("time",)),
    Piece("later", r"\byears from then\b", _years_on, ("years",)),
    Piece("lanterns", r"\bpaper lanterns\b", _candles, ("years",)),
    Piece("record", r"\brecord of the town\b", _record, ("number",)),
    Piece("almanac", r"\balmanac of last year\b", _earlier, ("number",)),
)
