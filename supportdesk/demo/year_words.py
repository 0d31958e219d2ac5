"""What people write about in the demo's year, what they are answered, and what they say of it afterwards."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """Something that people keep asking. `asks` are pairs of subject and text; `monthly` is how often before any fix.

    With a fix: so many days before today, `left` of the contacts in its first four weeks, `later` after them.
    """

    path: tuple[str, ...]
    team: str
    monthly: float
    asks: tuple[tuple[str, str], ...]
    answers: tuple[str, ...]
    praise: tuple[str, ...] = ()
    title: str = ""
    cause: str = ""
    fix: str = ""
    fixed_days_ago: int = 0
    left: float = 1.0
    later: float = 1.0
    hours: int = 0


SUBJECTS = (
    Subject(
        ("Billing", "Cannot open invoice"), "Billing", 14,
        (
            ("Cannot open the invoice", "The link in your mail wants me to sign in. I only pay the bills and have no"
             " account. Could you send the invoice as a PDF?"),
            ("Invoice asks for a password", "Our accounts payable office gets a sign-in page instead of the invoice."),
            ("Need the invoice as a file", "I was forwarded your mail, but the invoice does not open for me."),
        ),
        ("The invoice is attached as a PDF.", "I have sent the file to your accounts payable address."),
        ("I clicked, it opened, I paid. That is how it should be.", "The invoice simply opened this time."),
        "Invoices want a login that whoever pays does not have",
        "Invoices go to people who never ordered anything and have no account.",
        "Invoice link without login", 236, 0.42, 0.14, 92,
    ),
    Subject(
        ("Billing", "W-8 form"), "Billing", 22,
        (
            ("W-9 needed for vendor set-up", "Before we can pay you we need your W-9. Purchasing will not release the"
             " payment without it."),
            ("Which tax form do you have?", "Our auditor asks for your W-8 or W-9. Where do I find it?"),
            ("Vendor packet", "We cannot add you as a vendor without a tax form."),
        ),
        ("We are a Canadian company, so our form is the W-8BEN-E. It is attached.",
         "Here is this year’s W-8BEN-E, signed."),
        ("The form was right on the invoice.",),
        "Customers wait for our W-8", "The form is asked for before each first payment, and only we have it.",
        "W-8 on every invoice", 205, 0.4, 0.12, 40,
    ),
    Subject(
        ("Billing", "Refund status"), "Billing", 28,
        (
            ("Where is our refund?", "We sent the second kit back three weeks ago. When do we get the money?"),
            ("Refund for order {order}", "Could you tell me whether our refund was approved?"),
            ("Still waiting for a refund", "I wrote last week about our refund and have heard nothing since."),
        ),
        ("It was approved this morning and goes back to the card you paid with, within five to ten days.",
         "I have passed it on to the review of today, and you will be told the same day."),
        ("Refund was on my card in six days without writing a single email.", "I saw on the page where it stood."),
        "Nobody sees how far a refund is", "A refund was a mail, and its state was in our heads.",
        "Refund requests on the account page", 145, 0.4, 0.26, 110,
    ),
    Subject(
        ("Billing", "Tax exemption"), "Billing", 18,
        (
            ("We are tax exempt", "You charged sales tax on our order, but as a public school we are exempt."),
            ("Tax on invoice", "Please take the tax off our invoice. Our certificate is attached."),
            ("Where does our certificate go?", "We want to order without sales tax. Whom do we send it to?"),
        ),
        ("Thank you, your certificate is on file. A corrected invoice follows in a few minutes.",),
        ("Uploaded our certificate, and the tax was gone.",),
        "Exempt schools pay tax first and ask for it back", "There was no place for a certificate before paying.",
        "Upload, exempt at once", 112, 0.4, 0.28, 75,
    ),
    Subject(
        ("Training", "Finding a time"), "Training", 15,
        (
            ("A time for our training", "We bought two training hours. Which times do you have in the coming weeks?"),
            ("Can we have our training in the morning?", "Our teachers are free before nine. Is anybody there?"),
            ("Training day", "Thursday does not work after all. What else have you got?"),
        ),
        ("We have Tuesday at ten or Thursday at two, your time. Which one suits you?",
         "The first free time is next Wednesday at nine."),
        ("Picked a time on Sunday evening. Done.",),
        "Times for trainings are found by mail", "Only we see the trainers’ calendars.",
        "Customers pick a time", 80, 0.34, 0.3, 120,
    ),
    Subject(
        ("Billing", "Card declined"), "Billing", 17,
        (
            ("My card was declined", "Your store says that my card was declined, but it works everywhere else."),
            ("Payment does not go through", "I tried our purchasing card twice and it was refused."),
            ("Card refused", "Is your store broken? The bank says they see nothing."),
        ),
        ("The bank refused it because the payment goes abroad. A call to them takes the block off.",
         "The postal code did not match what the bank has. Please try it with the one on your statement."),
        ("I was ready to call, then the page told me exactly what my bank said.",),
        "Nobody is told why a card was refused", "The store said “declined”, and the bank’s reason was only in Stripe.",
        "Full decline details shown", 20, 0.7, 0.7, 90,
    ),
    Subject(
        ("Shipping", "Held order"), "Support", 14,
        (
            ("Where is order {order}?", "The order said held and nobody said why."),
            ("Order on hold", "Our kits were to arrive on Monday. The page says “held”. What are we to do?"),
            ("When does it ship?", "We ordered nine days ago and nothing has moved."),
        ),
        ("It waited for your purchase order to be confirmed. It leaves today.",
         "Your order was above the limit of your account; it is released now."),
        ("The order said held and nobody said why.",),
    ),
)  # fmt: skip

KIND = ("Quick and to the point.", "Thank you, that helped.", "Answered before my next class began.")
UNKIND = ("It took three mails to get there.", "I had to explain it twice.")
