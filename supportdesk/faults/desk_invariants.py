"""What must hold of what the desk gives (I4), in SQL that answers the rows in which it does not."""

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I4", "the goodwill of a day is what its budget says, and within it", """
        select 'budgetday:' || budget.id, 'spent: ' || budget.spent || ', given: ' || coalesce(sum(given.amount), 0)
        from billing_budgetday budget left join billing_goodwill given on given.budget_id = budget.id
        group by budget.id
        having budget.spent <> coalesce(sum(given.amount), 0) or budget.spent > budget."limit" """),
    ("I4", "goodwill went the way it says, in full", """
        select 'goodwill:' || given.id, given.way || ', ' || given.amount
        from billing_goodwill given left join billing_creditnote note on note.id = given.credit_note_id
        left join billing_coupongrant held on held.id = given.grant_id
        left join billing_coupon coupon on coupon.id = held.coupon_id
        where case given.way
            when 'invoice' then note.total is distinct from given.amount
                or note.reduces_debt is distinct from given.amount or note.invoice_id is distinct from given.invoice_id
            when 'card' then given.amount <> (select coalesce(sum(refund.amount), 0) from billing_refund refund
                where refund.key like given.key || ':%%')
            else coupon.amount_off is distinct from given.amount or coupon.is_personal is distinct from true
                or held.customer_id is distinct from given.customer_id end"""),
    ("I4", "what is free is never billed, and ends with its plan", """
        select 'freeaccount:' || account.id, plan.state
        from billing_freeaccount account join billing_subscription plan on plan.id = account.subscription_id
        where exists (select from billing_invoice invoice where invoice.subscription_id = plan.id)
        or plan.period_invoice_id is not null or plan.switch_invoice_id is not null
        or (plan.state = 'ended') <> (account.ended_at is not null)"""),
    ("I3", "what is free ends in time", """
        select 'freeaccount:' || id, ends_on::text from billing_freeaccount
        where ended_at is null and ends_on < (%(late)s::timestamptz - interval '1 day')::date"""),
)  # fmt: skip
