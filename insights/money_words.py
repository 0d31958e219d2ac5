"""Whether words are about somebody's money: nothing for whoever helps at the desk for a day (B7)."""

import re

# Whole words, in the languages of which the desk knows the common ones. A battery charges too: “charge” says nothing.
_WORDS = r"""
    invoices? | invoiced | invoicing | refund\w* | reimburse\w* | money | pay | pays | paying | payable | payments? |
    paid | overpaid | prepaid | unpaid | bill | bills | billed | billing | billable | tax | taxes | taxed | taxation |
    w-?\s?[89] | w-?\s?8-?ben(-?e)? | 1099 | vat | gst | hst | iban | swift | ach | credit | credits | credited |
    debit | debited | declined | declines | bank | banks | wire | fee | fees | discounts? | coupons? | subscriptions? |
    remittance | accounts\s+(payable|receivable) | purchase\s+orders? | quotes? | quotations? |
    rechnung(en)? | überweisung\w* | lastschrift\w* |
    zahlung\w* | bezahl\w* | erstatt\w* | gutschrift | steuer\w* | factures? | paiements? | payé\w* |
    rembours\w* | impôts? | facturas? | pagos? | pagar | reembolso\w* | impuestos?
"""
_SUMS = r"[$€£¥]\s?\d | \b\d[\d.,]*\s?(?:usd|cad|eur|gbp|dollars?|euros?|pounds?)\b"
_MONEY = re.compile(rf"(?<![\w-])(?:{_WORDS})(?![\w])|{_SUMS}", re.IGNORECASE | re.VERBOSE)


def is_about_money(*texts: str) -> bool:
    """Whether any of these texts names an invoice, a payment, a tax form or a sum."""
    return any(_MONEY.search(text) for text in texts)
