"""What must hold of issued documents (I6), in SQL that answers the rows in which it does not."""

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I6", "numbers run from 1 to the last, and the counter stands behind it", """
        with numbers as (
            select 'INV' as series, year, sequence from billing_invoice where number is not null
            union all select 'CN', year, sequence from billing_creditnote
            union all select 'RC', year, sequence from billing_receipt
            union all select 'SO', split_part(number, '-', 2)::int, split_part(number, '-', 3)::int
            from billing_order where number ~ '^SO-[0-9]{4}-[0-9]+$'
        ), used as (
            select series, year, count(distinct sequence) as count, max(sequence) as last
            from numbers group by series, year
        )
        select coalesce(counter.series, used.series) || ' ' || coalesce(counter.year, used.year),
            used.count || ' documents, the last ' || used.last || ', next ' || counter.next_number
        from used full join billing_numberseries counter
            on counter.series = used.series and counter.year = used.year
        where coalesce(used.count, 0) <> coalesce(used.last, 0)
            or coalesce(counter.next_number, 1) <> coalesce(used.last, 0) + 1"""),
    ("I6", "an invoice adds up to its lines and taxes", """
        select 'invoice:' || invoice.id, invoice.number from billing_invoice invoice
        join lateral (select coalesce(sum(quantity * unit_amount), 0) as gross, coalesce(sum(discount), 0) as off
            from billing_invoiceline line where line.invoice_id = invoice.id) lines on true
        join lateral (select coalesce(sum(amount), 0) as tax
            from billing_taxline tax where tax.invoice_id = invoice.id) taxes on true
        where invoice.number is not null and (
            invoice.subtotal <> lines.gross or invoice.discount <> lines.off or invoice.tax <> taxes.tax)"""),
    ("I6", "a credit note adds up to its lines", """
        select 'creditnote:' || note.id, note.number from billing_creditnote note
        join lateral (select coalesce(sum(amount + tax), 0) as gross, coalesce(sum(tax), 0) as tax
            from billing_creditnoteline line where line.credit_note_id = note.id) lines on true
        where note.total <> lines.gross or note.tax <> lines.tax"""),
    ("I6", "an invoice knows what was credited of it, and no more than all", """
        select 'invoice:' || invoice.id, 'noted: ' || invoice.credited || ', credit notes: ' || notes.debt
        from billing_invoice invoice join lateral (
            select coalesce(sum(reduces_debt), 0) as debt, coalesce(sum(total), 0) as total
            from billing_creditnote note where note.invoice_id = invoice.id) notes on true
        where notes.total > invoice.total or invoice.credited < notes.debt or invoice.credited > notes.total
            or (invoice.credited <> notes.debt and not exists (
                select from billing_dispute dispute join billing_payment payment on payment.id = dispute.payment_id
                where payment.invoice_id = invoice.id and dispute.closed_at is not null))"""),
    ("I6", "an invoice with nothing due is not open", """
        select 'invoice:' || id, number from billing_invoice
        where state = 'open' and total - credited - paid + refunded <= 0"""),
    ("I6", "an issued document has its PDF in time", """
        select 'invoice:' || invoice.id, invoice.number from billing_invoice invoice
        left join billing_document document on document.invoice_id = invoice.id
        where document.id is null and invoice.issued_at < %(late)s
        union all select 'creditnote:' || note.id, note.number from billing_creditnote note
        left join billing_document document on document.credit_note_id = note.id
        where document.id is null and note.issued_at < %(late)s
        union all select 'receipt:' || receipt.id, receipt.number from billing_receipt receipt
        left join billing_document document on document.receipt_id = receipt.id
        where document.id is null and receipt.issued_at < %(late)s"""),
)  # fmt: skip
