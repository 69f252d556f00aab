"""Currencies as Stripe counts them: https://docs.stripe.com/currencies. Amounts are whole minor units."""

_KNOWN = (
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf"
    " clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils"
    " inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk"
    " mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp"
    " sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar"
    " zmw"
)
CURRENCIES = tuple(_KNOWN.split())
ZERO_DECIMAL = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# No longer divisible, but still written with two decimals, which must be 00.
WHOLE_ONLY = frozenset({"isk", "ugx"})
LARGEST_AMOUNT = 99_999_999

FEE_PER_MILLE = 29


def decimals(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def granularity(currency: str) -> int:
    """Every amount must be a multiple of this many minor units."""
    if currency in THREE_DECIMAL:
        return 10
    return 100 if currency in WHOLE_ONLY else 1


def unit(currency: str) -> int:
    """How many minor units one whole unit of the currency has."""
    return int(10 ** decimals(currency))


def processing_fee(amount: int, currency: str) -> int:
    """What the sandbox keeps of a charge: 2.9 %, rounded half up, and 1.00 (one whole unit of the currency)."""
    return (amount * FEE_PER_MILLE + 500) // 1000 + unit(currency)


def formatted(amount: int, currency: str) -> str:
    """For people: `SAR 1,250.00`."""
    places = decimals(currency)
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), unit(currency))
    fraction = f".{part:0{places}}" if places else ""
    return f"{currency.upper()} {sign}{whole:,}{fraction}"
