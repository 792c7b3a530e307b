"""How stories begin: each opening tells the facts for one to four steps, and says what they come to."""

from __future__ import annotations

from fractions import Fraction

from reasoning_envs.domains.problems.stories.teller import MisfitError, Piece, Quantity, Teller, decimal

__all__ = ["OPENINGS"]

_GOODS = (
    "pencils", "notebooks", "apples", "oranges", "candles", "postcards", "muffins", "stickers", "marbles", "bottles",
    "tickets", "plants", "lanterns", "badges", "cupcakes", "puzzles",
)  # fmt: skip
_BOXES = (("boxes", "box"), ("bags", "bag"), ("crates", "crate"), ("trays", "tray"), ("packs", "pack"))


def _two(t: Teller, options: tuple[str, ...]) -> tuple[str, str]:
    first, second = t.rng.permutation(len(options))[:2]
    return options[int(first)], options[int(second)]


def _shopping(t: Teller) -> Quantity:
    hero, (first, second) = t.hero, _two(t, _GOODS)
    n, m = t.between(2, 12), t.between(2, 12)
    p, q = t.price(1, 9), t.price(1, 9)
    t.tell(
        f"{hero.name} goes shopping and buys {t.count(n)} {first} at {t.amount(p)} each.",
        f"On a shopping trip {hero.name} picks up {t.count(n)} {first} for {t.amount(p)} apiece.",
    )
    cost = t.work(f"The {first} cost", f"{n} * {t.amount(p)}", n * p, "money")
    if t.rng.integers(3):
        t.tell(
            f"{hero.name} also takes {t.count(m)} {second} that cost {t.amount(q)} each.",
            f"{hero.name} adds {t.count(m)} {second}, each of which costs {t.amount(q)}.",
        )
        other = t.work(f"The {second} cost", f"{m} * {t.amount(q)}", m * q, "money")
        cost = t.work("Together they cost", f"{t.amount(cost)} + {t.amount(other)}", cost + other, "money")
    return Quantity(
        cost, "money", t.currency.word, f"what {hero.name} has to pay",
        (f"How much does {hero.name} have to pay?", f"What does {hero.name}'s shopping cost in total?"),
    )  # fmt: skip


def _packs(t: Teller) -> Quantity:
    goods = t.pick(_GOODS)
    many, one = t.pick(_BOXES)
    n, k = t.between(3, 20), t.between(4, 24)
    t.tell(
        f"A delivery brings {t.count(n)} {many} of {goods}, with {k} {goods} in each {one}.",
        f"In a delivery there are {t.count(n)} {many}, and every {one} holds {k} {goods}.",
    )
    value = t.work("The delivery has", f"{n} * {k}", n * k, goods)
    if t.rng.integers(2):
        lost = t.between(2, min(20, n * k - 1))
        t.tell(f"When they are unpacked, {t.count(lost)} of the {goods} turn out to be damaged and are thrown away.")
        value = t.work("After the damaged ones are gone there are", f"{n * k} - {lost}", n * k - lost, goods)
    return Quantity(
        value, "count", goods, f"the good {goods} of the delivery",
        (f"How many good {goods} does the delivery bring?", f"How many {goods} can be used?"),
    )  # fmt: skip


def _journey(t: Teller) -> Quantity:
    vehicle, v, w = t.pick((("cycles", 12, 24), ("drives", 40, 110), ("rides a moped", 25, 45)))
    speed, hours = t.between(v, w, 2), t.between(2, 6)
    t.tell(
        f"{t.hero.name} {vehicle} for {t.count(hours)} hours at {speed} km per hour.",
        f"For {t.count(hours)} hours {t.hero.name} {vehicle} at a steady {speed} km per hour.",
    )
    way = t.work("The first stretch is", f"{hours} * {speed}", hours * speed, "km")
    if t.rng.integers(2):
        slower, later = t.between(v, w, 2), t.between(2, 5)
        t.tell(f"After a rest {t.hero.name} goes on for {t.count(later)} more hours at {slower} km per hour.")
        other = t.work("The second stretch is", f"{later} * {slower}", later * slower, "km")
        way = t.work("The whole way is", f"{decimal(way)} + {decimal(other)}", way + other, "km")
    return Quantity(
        way, "distance", "km", f"the way that {t.hero.name} has covered",
        (f"How many kilometres does {t.hero.name} cover?", f"How far does {t.hero.name} get, in km?"),
    )  # fmt: skip


def _wages(t: Teller) -> Quantity:
    hours, wage = t.between(4, 40), t.price(9, 30)
    t.tell(
        f"{t.hero.name} works {hours} hours for a wage of {t.amount(wage)} an hour.",
        f"At a wage of {t.amount(wage)} an hour, {t.hero.name} puts in {hours} hours of work.",
    )
    pay = t.work("The normal wage comes to", f"{hours} * {t.amount(wage)}", hours * wage, "money")
    if t.rng.integers(2):
        extra, rise = t.between(2, 8), t.between(2, 9)
        t.tell(f"For each of {t.count(extra)} more hours on Sunday the pay is {t.amount(rise)} an hour higher.")
        rate = t.work("On Sunday an hour pays", f"{t.amount(wage)} + {t.amount(rise)}", wage + rise, "money")
        sunday = t.work("Sunday brings", f"{extra} * {t.amount(rate)}", extra * rate, "money")
        pay = t.work("In all that is", f"{t.amount(pay)} + {t.amount(sunday)}", pay + sunday, "money")
    return Quantity(
        pay, "money", t.currency.word, f"what {t.hero.name} has earned",
        (f"How much does {t.hero.name} earn?", f"What are {t.hero.name}'s earnings?"),
    )  # fmt: skip


def _ages(t: Teller) -> Quantity:
    a, b = t.hero, t.friend
    young, times, older = t.between(3, 14), t.between(2, 4), t.between(2, 12)
    t.tell(
        f"{b.name}'s cousin is {t.count(young)} years old, and {b.name} is {t.count(times)} times as old as that.",
        f"{b.name} is {t.count(times)} times as old as a cousin, who is {t.count(young)} years old.",
    )
    first = t.work(f"{b.name}'s age is", f"{times} * {young}", times * young, "years")
    t.tell(f"{a.name} is {t.count(older)} years older than {b.name}.")
    second = t.work(f"{a.name}'s age is", f"{decimal(first)} + {older}", first + older, "years")
    return Quantity(
        second, "years", "years", f"{a.name}'s age", (f"How old is {a.name}?", f"What is {a.name}'s age in years?"),
    )  # fmt: skip


def _mixture(t: Teller) -> Quantity:
    litres, share = t.between(4, 80), t.between(5, 60, 5)
    drink, part = t.pick(
        (("punch", "juice"), ("salt water", "salt solution"), ("paint", "blue paint"), ("syrup", "water"))
    )
    t.tell(
        f"A tank holds {litres} litres of {drink}, of which {share}% is {part}.",
        f"Of the {litres} litres of {drink} in a tank, {share}% is {part}.",
    )
    pure = t.work(f"The tank holds of {part}", f"{share}% of {litres}", Fraction(share * litres, 100), "litres")
    more = t.between(2, 15)
    t.tell(f"Then another {t.count(more)} litres of pure {part} are poured into the tank.")
    total = t.work(f"Now there are of {part}", f"{decimal(pure)} + {more}", pure + more, "litres")
    return Quantity(
        total, "volume", "litres", f"the {part} in the tank",
        (f"How many litres of {part} are in the tank now?", f"How much {part} does the tank hold now, in litres?"),
    )  # fmt: skip


def _garden(t: Teller) -> Quantity:
    long, wide = t.between(5, 40), t.between(4, 25)
    place = t.pick(("garden", "playground", "courtyard", "meadow"))
    t.tell(
        f"A rectangular {place} is {long} metres long and {wide} metres wide.",
        f"The sides of a rectangular {place} measure {long} metres and {wide} metres.",
    )
    if t.rng.integers(2):
        half = t.work("Two neighbouring sides measure", f"{long} + {wide}", long + wide, "metres")
        around = t.work("All the way round it is", f"2 * {decimal(half)}", 2 * half, "metres")
        return Quantity(
            around, "length", "metres", f"a fence all round the {place}",
            (f"How many metres of fence does it take to go all round the {place}?",),
        )  # fmt: skip
    area = t.work("The area is", f"{long} * {wide}", long * wide, "square metres")
    side = t.between(2, min(4, wide - 1))
    t.tell(f"A square pond in the {place}, with sides of {t.count(side)} metres, is not sown with grass; the rest is.")
    pond = t.work("The pond takes up", f"{side} * {side}", side * side, "square metres")
    rest = t.work("For the grass that leaves", f"{decimal(area)} - {decimal(pond)}", area - pond, "square metres")
    return Quantity(
        rest, "area", "square metres", f"the grass of the {place}", ("How many square metres of grass are there?",)
    )


def _reading(t: Teller) -> Quantity:
    pages, weeks = t.between(6, 40), t.between(2, 8)
    t.tell(
        f"{t.hero.name} reads {pages} pages of a long saga every day for {t.count(weeks)} weeks.",
        f"Every day for {t.count(weeks)} weeks, {t.hero.name} reads {pages} pages of a saga.",
    )
    days = t.work("The reading lasts", f"{weeks} * 7", weeks * 7, "days")
    read = t.work("In that time the pages read are", f"{decimal(days)} * {pages}", days * pages, "pages")
    return Quantity(
        read, "number", "pages", "the pages read so far",
        (f"How many pages does {t.hero.name} read?", f"How many pages has {t.hero.name} read by then?"),
    )  # fmt: skip


def _seats(t: Teller) -> Quantity:
    rows, seats = t.between(8, 30), t.between(8, 30)
    t.tell(
        f"A concert hall has {rows} rows with {seats} seats each.",
        f"There are {seats} seats in each of the {rows} rows of a concert hall.",
    )
    total = t.work("The hall has", f"{rows} * {seats}", rows * seats, "seats")
    empty = t.between(3, 60)
    t.tell(
        f"At tonight's concert {empty} seats stay empty and all others are taken.",
        f"Tonight every seat is taken but {empty}.",
    )
    people = t.work("The listeners are", f"{decimal(total)} - {empty}", total - empty, "people")
    return Quantity(
        people, "people", "people", "the people at the concert",
        ("How many people are at the concert?", "How many people listen to the concert?"),
    )  # fmt: skip


def _machine(t: Teller) -> Quantity:
    goods, rate, hours = t.pick(("screws", "buttons", "bottles", "bolts")), t.between(2, 25), t.between(2, 9)
    t.tell(
        f"A machine makes {rate} {goods} a minute and runs for {t.count(hours)} hours.",
        f"For {t.count(hours)} hours a machine turns out {rate} {goods} every minute.",
    )
    minutes = t.work("It runs for", f"{hours} * 60", hours * 60, "minutes")
    made = t.work("In that time it makes", f"{decimal(minutes)} * {rate}", minutes * rate, goods)
    return Quantity(
        made, "count", goods, f"the {goods} that the machine made",
        (f"How many {goods} does the machine make?",),
    )  # fmt: skip


def _recipe(t: Teller) -> Quantity:
    stuff = t.pick(("flour", "sugar", "rice", "oats"))
    for_few, grams, many = t.between(2, 6), t.between(50, 150, 10), t.between(8, 40)
    t.tell(
        f"A recipe for {t.count(for_few)} people takes {grams * for_few} grams of {stuff}; {t.hero.name} cooks it for"
        f" {many} people.",
        f"{t.hero.name} cooks for {many} people from a recipe that takes {grams * for_few} grams of {stuff} for"
        f" {t.count(for_few)} people.",
    )
    each = t.work("One person gets", f"{grams * for_few} / {for_few}", grams, "grams")
    total = t.work(f"For {many} people it takes", f"{many} * {decimal(each)}", many * each, "grams")
    kilos = t.work("In kilograms that is", f"{decimal(total)} / 1000", total / 1000, "kg")
    return Quantity(
        kilos, "mass", "kg", f"the {stuff} for the meal",
        (f"How many kilograms of {stuff} does {t.hero.name} need?",),
    )  # fmt: skip


def _savings(t: Teller) -> Quantity:
    start, weekly, weeks = t.between(5, 90), t.price(3, 25), t.between(3, 20)
    t.tell(
        f"{t.hero.name} has {t.amount(start)} in a money box and puts {t.amount(weekly)} into it every week for"
        f" {t.count(weeks)} weeks.",
        f"Every week for {t.count(weeks)} weeks, {t.hero.name} puts {t.amount(weekly)} into a money box in which there"
        f" were {t.amount(start)} already.",
    )
    added = t.work("Over the weeks that adds", f"{weeks} * {t.amount(weekly)}", weeks * weekly, "money")
    total = t.work("Then the box holds", f"{t.amount(start)} + {t.amount(added)}", start + added, "money")
    return Quantity(
        total, "money", t.currency.word, "the money in the box",
        (f"How much money is in {t.hero.name}'s box then?", f"How much has {t.hero.name} saved?"),
    )  # fmt: skip


def _together(t: Teller) -> Quantity:
    a, b = t.between(3, 20), t.between(3, 20)
    hours = t.between(2, 8)
    task = t.pick(("envelopes", "leaflets", "parcels", "chairs"))
    t.tell(
        f"{t.hero.name} packs {a} {task} an hour, {t.friend.name} packs {b} an hour, and they work side by side for"
        f" {t.count(hours)} hours.",
        f"Side by side for {t.count(hours)} hours, {t.hero.name} packs {a} {task} an hour and {t.friend.name} {b}.",
    )
    rate = t.work("In an hour the two pack", f"{a} + {b}", a + b, task)
    total = t.work("In the whole time they pack", f"{hours} * {decimal(rate)}", hours * rate, task)
    return Quantity(
        total, "count", task, f"the {task} that the two have packed",
        (f"How many {task} do the two pack?", f"How many {task} do {t.hero.name} and {t.friend.name} pack together?"),
    )  # fmt: skip


def _club(t: Teller) -> Quantity:
    below = t.pick((2, 3, 4, 5, 8))
    top = t.between(1, below - 1)
    members = below * t.between(4, 30)
    t.tell(
        f"A chess club has {members} members, and {top}/{below} of them come to the tournament.",
        f"Of the {members} members of a chess club, {top}/{below} come to the tournament.",
    )
    came = t.work("To the tournament come", f"{top}/{below} of {members}", Fraction(top * members, below), "members")
    guests = t.between(2, 30)
    t.tell(f"They are joined there by {t.count(guests)} guests from abroad.")
    players = t.work("With the guests there are", f"{decimal(came)} + {guests}", came + guests, "people")
    return Quantity(
        players, "people", "people", "the people at the tournament", ("How many people are at the tournament?",)
    )


def _legs(t: Teller) -> Quantity:
    hens, cows = t.between(3, 30), t.between(2, 25)
    t.tell(
        f"On a farm there are {hens} hens and {cows} cows, and {t.hero.name} counts their legs.",
        f"{t.hero.name} counts the legs of the {cows} cows and {hens} hens on a farm.",
    )
    few = t.work("The hens have", f"{hens} * 2", hens * 2, "legs")
    many = t.work("The cows have", f"{cows} * 4", cows * 4, "legs")
    total = t.work("Together they have", f"{decimal(few)} + {decimal(many)}", few + many, "legs")
    return Quantity(
        total, "number", "legs", "the legs", ("How many legs are there?", "How many legs does the count give?")
    )


def _bus(t: Teller) -> Quantity:
    first, off, on = t.between(15, 60), t.between(2, 12), t.between(2, 15)
    t.tell(
        f"A bus sets out with {first} passengers; at the market {t.count(off)} get off and {t.count(on)} get on.",
        f"With {first} passengers a bus sets out, and at the market {t.count(on)} get on and {t.count(off)} get off.",
    )
    left = t.work("After those who get off there are", f"{first} - {off}", first - off, "passengers")
    now = t.work("With those who get on there are", f"{decimal(left)} + {on}", left + on, "passengers")
    return Quantity(
        now, "people", "people", "the passengers on the bus",
        ("How many passengers are on the bus then?", "How many passengers does the bus carry after the market?"),
    )  # fmt: skip


def _taxi(t: Teller) -> Quantity:
    base, per, km = t.price(2, 6), t.price(1, 4), t.between(3, 40)
    t.tell(
        f"A taxi charges {t.amount(base)} for getting in and {t.amount(per)} for each kilometre, and"
        f" {t.hero.name} rides {km} kilometres.",
        f"{t.hero.name} rides {km} kilometres in a taxi that charges {t.amount(per)} for each kilometre and"
        f" {t.amount(base)} for getting in.",
    )
    way = t.work("The kilometres cost", f"{km} * {t.amount(per)}", km * per, "money")
    fare = t.work("With the basic charge that is", f"{t.amount(way)} + {t.amount(base)}", way + base, "money")
    return Quantity(
        fare, "money", t.currency.word, "the fare",
        (f"What is the fare for {t.hero.name}'s ride?", f"How much does {t.hero.name}'s ride cost?"),
    )  # fmt: skip


def _average(t: Teller) -> Quantity:
    days = t.between(3, 5)
    numbers = [t.between(8, 60) for _ in range(days - 1)]
    last = next(n for n in range(8 + t.between(0, 20), 90) if (sum(numbers) + n) % days == 0)
    numbers.append(last)
    listed = f"{', '.join(map(str, numbers[:-1]))} and {last}"
    t.tell(
        f"On {t.count(days)} days in a row a bakery sells {listed} loaves of rye bread.",
        f"A bakery writes down how many loaves of rye bread it sells on {t.count(days)} days: {listed}.",
    )
    total = t.work("In all it sells", " + ".join(map(str, numbers)), sum(numbers), "loaves")
    mean = t.work("The average of a day is", f"{decimal(total)} / {days}", total / days, "loaves")
    return Quantity(
        mean, "count", "loaves", "the loaves of an average day",
        ("How many loaves does the bakery sell a day on average?",),
    )  # fmt: skip


def _film(t: Teller) -> Quantity:
    hours, minutes, adverts = t.between(2, 4), t.between(5, 55, 5), t.between(5, 25)
    t.tell(
        f"A film lasts {t.count(hours)} hours and {minutes} minutes, after {adverts} minutes of advertisements.",
        f"Before a film of {t.count(hours)} hours and {minutes} minutes come {adverts} minutes of advertisements.",
    )
    full = t.work("The full hours are", f"{hours} * 60", hours * 60, "minutes")
    film = t.work("The film takes", f"{decimal(full)} + {minutes}", full + minutes, "minutes")
    total = t.work("With the advertisements it is", f"{decimal(film)} + {adverts}", film + adverts, "minutes")
    return Quantity(
        total, "minutes", "minutes", "the time in the cinema",
        ("How many minutes does everything take together?", "How many minutes does one showing take?"),
    )  # fmt: skip


def _tickets(t: Teller) -> Quantity:
    adults, children = t.between(2, 30), t.between(2, 40)
    full, half = t.price(8, 20), t.price(3, 7)
    t.tell(
        f"A museum charges {t.amount(full)} for an adult and {t.amount(half)} for a child, and {adults} adults and"
        f" {children} children come in.",
        f"Into a museum come {children} children, for {t.amount(half)} a child, and {adults} adults, for"
        f" {t.amount(full)} an adult.",
    )
    first = t.work("The adults pay", f"{adults} * {t.amount(full)}", adults * full, "money")
    second = t.work("The children pay", f"{children} * {t.amount(half)}", children * half, "money")
    total = t.work("The museum takes in", f"{t.amount(first)} + {t.amount(second)}", first + second, "money")
    return Quantity(
        total, "money", t.currency.word, "what the museum takes in",
        ("How much does the museum take in?", "How much money do the visitors of the museum pay together?"),
    )  # fmt: skip


def _survey(t: Teller) -> Quantity:
    people, share = t.between(40, 600, 20), t.between(5, 95, 5)
    t.tell(
        f"In a survey of {people} households, {share}% say that they have a pet.",
        f"A survey asks {people} households, and {share}% of them have a pet.",
    )
    value = Fraction(people * share, 100)
    if value.denominator != 1:
        raise MisfitError
    t.work("Households with a pet", f"{share}% of {people}", value, "households")
    return Quantity(
        value, "number", "households", "the households with a pet", ("How many of the households have a pet?",)
    )


def _stairs(t: Teller) -> Quantity:
    floors, steps, times = t.between(2, 12), t.between(12, 24), t.between(2, 6)
    t.tell(
        f"In a tower there are {steps} stairs to a floor, and {t.hero.name} climbs {t.count(floors)} floors.",
        f"{t.hero.name} climbs {t.count(floors)} floors of a tower, {steps} stairs a floor.",
    )
    once = t.work("One climb takes", f"{floors} * {steps}", floors * steps, "stairs")
    t.tell(f"{t.hero.name} makes the same climb {t.count(times)} times that day.")
    total = t.work("All climbs together take", f"{times} * {decimal(once)}", times * once, "stairs")
    return Quantity(
        total, "number", "stairs", "the stairs climbed", (f"How many stairs does {t.hero.name} climb that day?",)
    )


def _orchard(t: Teller) -> Quantity:
    trees, kilos, rotten = t.between(5, 40), t.between(8, 60), t.between(5, 60)
    t.tell(
        f"Each of the {trees} trees of an orchard bears {kilos} kg of plums.",
        f"An orchard of {trees} trees bears {kilos} kg of plums a tree.",
    )
    crop = t.work("The crop is", f"{trees} * {kilos}", trees * kilos, "kg")
    t.tell(f"Wasps spoil {rotten} kg of the plums.")
    good = t.work("That leaves", f"{decimal(crop)} - {rotten}", crop - rotten, "kg")
    return Quantity(good, "mass", "kg", "the good plums", ("How many kilograms of good plums are there?",))


OPENINGS: tuple[Piece, ...] = (
    Piece("shopping", r"shopping (?:and buys|trip)", _shopping),
    Piece("packs", r"\bdelivery\b", _packs),
    Piece("journey", r"\b(?:cycles|drives|rides a moped)\b", _journey),
    Piece("wages", r"\bwage of\b", _wages),
    Piece("ages", r"times as old as", _ages),
    Piece("mixture", r"\b(?:in a tank|A tank holds)\b", _mixture),
    Piece("garden", r"\brectangular\b", _garden),
    Piece("reading", r"\bsaga\b", _reading),
    Piece("seats", r"concert hall", _seats),
    Piece("machine", r"\bA machine makes|a machine turns\b", _machine),
    Piece("recipe", r"\brecipe\b", _recipe),
    Piece("savings", r"\bmoney box\b", _savings),
    Piece("together", r"[Ss]ide by side", _together),
    Piece("club", r"\bchess club\b", _club),
    Piece("legs", r"\bhens\b", _legs),
    Piece("bus", r"\bat the market\b", _bus),
    Piece("taxi", r"\btaxi\b", _taxi),
    Piece("average", r"\brye bread\b", _average),
    Piece("film", r"\bfilm (?:lasts|of)\b", _film),
    Piece("tickets", r"\bmuseum\b", _tickets),
    Piece("survey", r"\bsurvey\b", _survey),
    Piece("stairs", r"\btower\b", _stairs),
    Piece("orchard", r"\borchard\b", _orchard),
)
