"""What an application for credit asks (B3): one list, from which the form, the check and the reviewer's page are made.

No number of a bank account and no Social Security number is asked for: nothing here needs them, and they are a
liability to keep.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

REFERENCES = 3
ENTITIES = {
    "corporation": "Corporation",
    "llc": "Limited liability company",
    "partnership": "Partnership",
    "sole": "Sole proprietor",
    "nonprofit": "Non-profit or society",
    "public": "School, library or other public body",
    "cooperative": "Cooperative",
}
TERMS = {"15": "15 days", "30": "30 days", "45": "45 days", "60": "60 days"}
PURCHASE_ORDERS = {"no": "No", "yes": "Yes: the checkout then asks for one every time"}
SOCIAL_SECURITY = re.compile(r"(?<!\d)\d{3}[- ]\d{2}[- ]\d{4}(?!\d)")
ACCOUNT_NUMBER = re.compile(r"\d(?:[ -]?\d){7,}")


@dataclass(frozen=True)
class Question:
    """One thing that is asked. `missing` is what is said without an answer; empty where none is needed.

    `kind`: line, email, phone, lines, amount, year, choice, select, country, region, tax_number, or bank for a line
    that must not hold an account number.
    """

    name: str
    label: str
    missing: str = ""
    kind: str = "line"
    hint: str = ""
    most: int = 120
    autocomplete: str = "off"
    choices: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Section:
    """Questions that belong together."""

    title: str
    questions: Sequence[Question]
    intro: str = ""


def _reference(number: int) -> list[Question]:
    which = ("first", "second", "third")[number - 1]
    name = f"reference{number}"
    return [
        Question(f"{name}_company", "Company", f"Enter the company of the {which} reference", most=160),
        Question(f"{name}_contact", "Who can we ask there?", f"Enter a name at the {which} reference"),
        Question(f"{name}_email", "Email", f"Enter the email address of the {which} reference", "email", most=320),
        Question(f"{name}_phone", "Phone", f"Enter the phone number of the {which} reference", "phone", most=40),
    ]


ORGANISATION = Section(
    "Your organisation",
    [
        Question("legal_name", "Legal name", "Enter the legal name", most=255, autocomplete="organization"),
        Question("trade_name", "Also known as (optional)"),
        Question("entity", "What sort of organisation?", "Choose what sort of organisation it is", "select",
                 choices=ENTITIES),
        Question("incorporated_in", "State or province of registration", "Enter where it is registered"),
        Question("established", "Year established", "Enter the year, such as 2009", "year", most=4),
        Question("duns", "D-U-N-S number (optional)", "", most=11),
        Question("tax_number", "Tax number of the organisation",
                 "Enter the EIN or the Business Number", "tax_number", most=20,
                 hint="EIN in the US, such as 12-3456789; Business Number in Canada. Never a Social Security number."),
        Question("owners", "Owners or officers", "Enter at least one owner or officer", "lines", most=1000,
                 hint="One a line: name and role."),
    ],
)  # fmt: skip
ADDRESS = Section(
    "Where you are",
    [
        Question("line1", "Street and number", "Enter the street and the number", most=255,
                 autocomplete="address-line1"),
        Question("line2", "Building, room (optional)", most=255, autocomplete="address-line2"),
        Question("city", "Town", "Enter the town", autocomplete="address-level2"),
        Question("region", "State or province", "Enter the state or province", "region", most=80,
                 autocomplete="address-level1"),
        Question("postal_code", "ZIP or postal code", "Enter the ZIP or postal code", most=20,
                 autocomplete="postal-code"),
        Question("country", "Country", "Choose a country", "country", autocomplete="country"),
    ],
)  # fmt: skip
PAYING = Section(
    "How you will pay",
    [
        Question("limit", "Which limit do you want?", "Enter the limit that you want, such as 5000", "amount", most=30,
                 hint="What you may owe us at one time."),
        Question("monthly", "What will you spend in a month, about?", "Enter about what you will spend in a month",
                 "amount", most=30),
        Question("terms", "After how many days do you pay?", "Choose after how many days you pay", "choice",
                 choices=TERMS),
        Question("purchase_orders", "Does every order need a purchase order number of yours?",
                 "Choose whether orders need a number of yours", "choice", choices=PURCHASE_ORDERS),
        Question("ap_name", "Who pays the invoices?", "Enter who pays the invoices"),
        Question("ap_email", "Their email", "Enter the email address of whoever pays", "email", most=320),
        Question("ap_phone", "Their phone", "Enter the phone number of whoever pays", "phone", most=40),
    ],
)  # fmt: skip
BANK = Section(
    "Your bank",
    [
        Question("bank_name", "Bank", "Enter the name of your bank", "bank", most=160),
        Question("bank_branch", "Branch", "Enter the branch, such as its town", "bank", most=160),
        Question("bank_contact", "Who can we ask there?", "Enter a name or a phone number at the bank", "line",
                 most=160),
    ],
    "The name and the branch are enough. Leave account numbers out.",
)  # fmt: skip
WHO_VOUCHES = [
    Section(f"Trade reference {number}", _reference(number), "A company that you buy from on account.")
    for number in range(1, REFERENCES + 1)
]
SIGNER = Section(
    "Who signs",
    [
        Question("signer_name", "Your full name", "Enter your full name", autocomplete="name"),
        Question("signer_title", "Your role", "Enter your role, such as Treasurer",
                 autocomplete="organization-title"),
    ],
)  # fmt: skip
SECTIONS: Sequence[Section] = (ORGANISATION, ADDRESS, PAYING, BANK, *WHO_VOUCHES, SIGNER)
DECLARATIONS = {
    "declares": "What stands here is true, and I may sign for the organisation.",
    "consents": "You may ask the bank and the references about us.",
}


def questions() -> Iterator[Question]:
    """All of them, in the order in which they are asked."""
    for section in SECTIONS:
        yield from section.questions


def missing(answers: Mapping[str, object]) -> list[str]:
    """What is said about each question that needs an answer and has none; empty for a complete application."""
    words = [one.missing for one in questions() if one.missing and not answers.get(one.name)]
    return words + [words for name, words in UNSIGNED.items() if not answers.get(name)]


UNSIGNED = {
    "declares": "Say that what stands here is true",
    "consents": "Say that we may ask the bank and the references",
    "signature": "Type your name to sign",
}


def is_private_number(text: str) -> bool:
    """Whether `text` holds what looks like a Social Security number."""
    return bool(SOCIAL_SECURITY.search(text))
