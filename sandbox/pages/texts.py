"""The words of the pay page, in English and Arabic: HTML, with names in braces for what is put in."""

from collections.abc import Callable
from datetime import UTC, datetime

from markupsafe import Markup

Texts = dict[str, str]

ENGLISH: Texts = {
    "band": "SANDBOX — no real money moves",
    "title": "Pay {merchant}",
    "total": "Total",
    "quantity": "Quantity {count}, {each} each",
    "email": "E-mail",
    "pay": "Pay {amount}",
    "book": "Book for {amount}",
    "donate": "Donate {amount}",
    "others": "Or let something else happen",
    "decline": "Card is declined",
    "decline_hint": "The bank refuses; you can try again here.",
    "three_d_secure": "Pay with 3-D Secure",
    "three_d_secure_hint": "The bank asks you to confirm first.",
    "bank_transfer": "Pay by bank transfer (arrives later)",
    "bank_transfer_hint": "The order completes unpaid; the money follows.",
    "transfer": "Pay by bank transfer (arrives later)",
    "transfer_hint": "The payment is pending until the money is there.",
    "reference": "Reference {reference}",
    "leave": "← Back to {merchant}",
    "return": "Return to {merchant}",
    "valid_until": "This page is valid until {time}.",
    "card_declined": "Your card was declined. Try again, or pay in another way.",
    "payment_intent_authentication_failure": "We could not confirm that it is you. Try again, or pay in another way.",
    "challenge_title": "Confirm your payment",
    "challenge": "Your bank wants to know that it is you who pays {amount} to {merchant}.",
    "three_d_secure_ok": "Complete authentication",
    "three_d_secure_fail": "Fail authentication",
    "paid_title": "Payment complete",
    "paid": "{merchant} has your payment. There is nothing more to do here.",
    "unpaid_title": "Your transfer is on its way",
    "unpaid": "{merchant} will tell you when the money has arrived. There is nothing more to do here.",
    "expired_title": "This page has expired",
    "expired": "Nothing was charged. Go back to {merchant} and start again.",
    "unknown_title": "No such payment page",
    "unknown": "The address is wrong, or the sandbox was reset.",
}

ARABIC: Texts = {
    "band": "SANDBOX — بيئة تجريبية، لا تُنقل أي أموال حقيقية",
    "title": "الدفع إلى {merchant}",
    "total": "الإجمالي",
    "quantity": "الكمية {count}، سعر الواحد {each}",
    "email": "البريد الإلكتروني",
    "pay": "ادفع {amount}",
    "book": "احجز بمبلغ {amount}",
    "donate": "تبرّع بمبلغ {amount}",
    "others": "أو جرّب نتيجة أخرى",
    "decline": "البطاقة مرفوضة",
    "decline_hint": "يرفض البنك الدفع، ويمكنك المحاولة مجددًا هنا.",
    "three_d_secure": 'ادفع مع التحقق <bdi dir="ltr">3-D Secure</bdi>',
    "three_d_secure_hint": "يطلب منك البنك التأكيد أولًا.",
    "bank_transfer": "ادفع بتحويل بنكي (يصل لاحقًا)",
    "bank_transfer_hint": "يكتمل الطلب قبل الدفع، ثم يصل المبلغ.",
    "transfer": "ادفع بتحويل بنكي (يصل لاحقًا)",
    "transfer_hint": "تبقى الدفعة معلّقة حتى يصل المبلغ.",
    "reference": "المرجع {reference}",
    "leave": "→ العودة إلى {merchant}",
    "return": "العودة إلى {merchant}",
    "valid_until": "هذه الصفحة صالحة حتى {time}.",
    "card_declined": "رُفضت بطاقتك. حاول مرة أخرى أو ادفع بطريقة أخرى.",
    "payment_intent_authentication_failure": "تعذّر التحقق من هويتك. حاول مرة أخرى أو ادفع بطريقة أخرى.",
    "challenge_title": "أكّد عملية الدفع",
    "challenge": "يريد بنكك التأكد من أنك أنت من يدفع {amount} إلى {merchant}.",
    "three_d_secure_ok": "أكمل التحقق",
    "three_d_secure_fail": "أفشِل التحقق",
    "paid_title": "تمّ الدفع",
    "paid": "استلمت {merchant} دفعتك. لا يلزمك فعل شيء آخر هنا.",
    "unpaid_title": "تحويلك في الطريق",
    "unpaid": "ستُعلمك {merchant} عند وصول المبلغ. لا يلزمك فعل شيء آخر هنا.",
    "expired_title": "انتهت صلاحية هذه الصفحة",
    "expired": "لم يُخصم أي مبلغ. عُد إلى {merchant} وابدأ من جديد.",
    "unknown_title": "لا توجد صفحة دفع كهذه",
    "unknown": "العنوان غير صحيح، أو أُعيد ضبط البيئة التجريبية.",
}

LANGUAGES = {"en": ENGLISH, "ar": ARABIC}

MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"),
    "ar": ("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر",
           "ديسمبر"),
}  # fmt: skip


def language_of(locale: str | None, accept_language: str) -> str:
    """The language of the page: the session's locale or, if that is `auto` or absent, what the browser prefers."""
    wanted = accept_language if locale in (None, "auto") else locale
    return "ar" if wanted is not None and wanted.lower().startswith("ar") else "en"


def translator(language: str) -> Callable[..., Markup]:
    """Gives a text of the language by its name; what is put into it is escaped, and keeps its own direction."""
    texts = LANGUAGES[language]

    def text(name: str, **values: object) -> Markup:
        isolated = {key: Markup("<bdi>{}</bdi>").format(value) for key, value in values.items()}
        return Markup(texts[name]).format(**isolated)  # noqa: S704 -- the texts are the sandbox's own

    return text


def direction(language: str) -> str:
    return "rtl" if language == "ar" else "ltr"


def moment(timestamp: int, language: str) -> str:
    """`21 November 2026, 14:35 UTC`"""
    at = datetime.fromtimestamp(timestamp, UTC)
    comma = "،" if language == "ar" else ","
    # In a line that runs from right to left the clock and its zone must stay together: isolated, left to right.
    return f"{at.day} {MONTHS[language][at.month - 1]} {at.year}{comma} \u2066{at:%H:%M} UTC\u2069"
