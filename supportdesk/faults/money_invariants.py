"""What must hold of money (I4, I5), in SQL that answers the rows in which it does not. Shape: `invariants.CHECKS`."""

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I4", "no more is refunded than was paid", """
        select 'payment:' || payment.id, 'refunds: ' || coalesce(sum(refund.amount), 0) || ', noted: ' ||
            payment.refunded || ', paid: ' || payment.amount
        from billing_payment payment left join billing_refund refund on refund.payment_id = payment.id
            and refund.state not in ('failed', 'cancelled')
        group by payment.id
        having payment.refunded > payment.amount
        or (payment.refunded <> coalesce(sum(refund.amount), 0) and payment.method = 'card')"""),
    ("I4", "what goes back by transfer was decided", """
        select 'invoice:' || invoice.id, 'noted: ' || noted.amount || ', decided: ' ||
            coalesce(sum(request.by_transfer), 0)
        from billing_invoice invoice
        join lateral (
            select coalesce(sum(payment.refunded), 0) as amount from billing_payment payment
            where payment.invoice_id = invoice.id and payment.method <> 'card') noted on true
        left join billing_refundrequest request on request.invoice_id = invoice.id
        group by invoice.id, noted.amount having noted.amount <> coalesce(sum(request.by_transfer), 0)"""),
    ("I4", "a refund request gave back what was decided", """
        select 'refundrequest:' || request.id, 'given: ' || coalesce(request.amount_given, 0) || ', refunds: ' ||
            coalesce(sum(refund.amount), 0) || ', by transfer: ' || request.by_transfer
        from billing_refundrequest request left join billing_refund refund on refund.request_id = request.id
        group by request.id
        having coalesce(request.amount_given, 0) <> coalesce(sum(refund.amount), 0) + request.by_transfer"""),
    ("I7", "a decided credit request says by whom, why and what, and no other does", """
        select 'creditrequest:' || id, state from billing_creditrequest
        where (state = 'raised') <> (limit_given is not null)
        or (state in ('raised', 'kept', 'closed', 'rejected')) <> (decided_by_id is not null)
        or (state in ('kept', 'closed', 'rejected') and reason = '')"""),
    ("I7", "what is paid or cancelled waits for no limit", """
        select 'shipment:' || shipment.id, placed.number from billing_shipmenthold hold
        join billing_shipment shipment on shipment.id = hold.shipment_id
        join billing_order placed on placed.id = shipment.order_id
        join billing_invoice invoice on invoice.order_id = placed.id
        where hold.reason = 'credit' and hold.released_at is null
        and (placed.state = 'cancelled' or invoice.state = 'void'
            or (invoice.state = 'paid' and invoice.credited < invoice.total))"""),
    ("I7", "a decided refund request has its effects, and no other has any", """
        select 'refundrequest:' || request.id, request.state
        from billing_refundrequest request left join billing_creditnote note on note.id = request.credit_note_id
        where coalesce(note.total, 0) > coalesce(request.amount_given, 0)
        or (request.state <> 'approved' and exists (select from billing_creditnote other
            where other.key = 'request:' || request.id))
        or (request.state = 'rejected' and request.reason = '')
        or (request.by_transfer > 0) <> exists (select from billing_moneytask task
            where task.key = 'refund_request:' || request.id)"""),
    ("I4", "only a payment that went through is refunded", """
        select 'refund:' || refund.id, payment.state || ' ' || payment.method
        from billing_refund refund join billing_payment payment on payment.id = refund.payment_id
        where payment.state <> 'succeeded' or payment.method <> 'card'"""),
    ("I4", "the provider sent back what we say that it sent back", """
        select 'payment:' || payment.id, 'ours: ' || payment.refunded || ', the provider''s: ' || sent.amount
        from billing_payment payment join lateral (
            select coalesce(sum((body->>'amount')::bigint), 0) as amount from billing_sandboxobject
            where kind = 'refund' and payment_intent_key = payment.provider_id
            and body->>'status' not in ('failed', 'canceled')) sent on true
        where payment.provider_id like 'pi\\_sbx%%' and sent.amount > payment.refunded and not exists (
            select from billing_sandboxevent event where event.posted_at is null) and not exists (
            select from billing_providerevent event where event.done_at is null)"""),
    ("I4", "a refund is sent in time or says why not", """
        select 'refund:' || id, state || ', attempts: ' || attempts from billing_refund
        where state in ('queued', 'sending') and not_before < %(late)s"""),
    ("I5", "an invoice knows what was paid for it", """
        select 'invoice:' || invoice.id, 'noted: ' || invoice.paid || ', payments: ' || money.paid
        from billing_invoice invoice join lateral (
            select coalesce(sum(payment.amount), 0) - coalesce(sum((
                select sum(least(dispute.amount, payment.amount - payment.refunded)) from billing_dispute dispute
                where dispute.payment_id = payment.id and dispute.status = 'lost')), 0) as paid
            from billing_payment payment where payment.invoice_id = invoice.id and payment.state = 'succeeded'
        ) money on true where invoice.paid <> money.paid"""),
    ("I5", "an invoice knows what was refunded of it", """
        select 'invoice:' || invoice.id, 'noted: ' || invoice.refunded || ', payments: ' || money.refunded
        from billing_invoice invoice join lateral (
            select coalesce(sum(payment.refunded), 0) as refunded from billing_payment payment
            where payment.invoice_id = invoice.id) money on true where invoice.refunded <> money.refunded"""),
    ("I5", "a payment that went through has its receipt, and no other has one", """
        select 'payment:' || payment.id, payment.state
        from billing_payment payment left join billing_receipt receipt on receipt.payment_id = payment.id
        where (payment.state = 'succeeded') <> (receipt.id is not null)"""),
    ("I5", "a payment is asked about in time or says why not", """
        select 'payment:' || id, state || ', ' || created_at from billing_payment
        where state in ('created', 'action_needed', 'processing') and try_at < %(late)s"""),
    ("I5", "what the provider told is looked after in time or says why not", """
        select 'event:' || id, type from billing_providerevent
        where done_at is null and try_at < %(late)s and last_error = ''"""),
)  # fmt: skip
