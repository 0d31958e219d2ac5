"""What must hold of decisions (I7), in SQL that answers the rows in which it does not. Shape: `invariants.CHECKS`."""

# What a verdict makes of a request, and what the request then says of itself.
_DECIDED = """
    select 'credit' as kind, id, state, decided_by_id, coalesce(limit_given, -1) as amount, reason,
        case state when 'raised' then 'approve' when 'kept' then 'keep' when 'closed' then 'close'
        when 'rejected' then 'reject' end as verdict from billing_creditrequest
    union all select 'tax', id, state, decided_by_id, -1, reason,
        case when state = 'rejected' then 'reject' when decided_by_id is not null then 'approve' end
        from billing_certificate
    union all select 'refund', id, state, decided_by_id, coalesce(amount_given, -1), reason,
        case state when 'approved' then 'approve' when 'rejected' then 'reject' end from billing_refundrequest"""

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I7", "a decision that was carried out is what became of its request", f"""
        select 'decision:' || decision.id, decision.verdict || ', the request: ' || request.state
        from selfservice_decision decision left join ({_DECIDED}) request
            on request.kind = decision.kind and request.id = decision.subject
        where decision.state = 'done' and (request.id is null
            or request.verdict is distinct from decision.verdict or request.decided_by_id <> decision.by_id
            or (decision.verdict = 'approve' and decision.amount is not null and request.amount <> decision.amount)
            or (decision.verdict <> 'approve' and request.reason <> decision.reason))"""),  # noqa: S608 - both parts stand here
    ("I7", "what can still be undone did nothing", f"""
        select 'decision:' || decision.id, decision.state || ', the request: ' || request.state
        from selfservice_decision decision join ({_DECIDED}) request
            on request.kind = decision.kind and request.id = decision.subject
        where decision.state in ('second', 'waiting') and request.verdict is not null"""),  # noqa: S608 - both parts stand here
    ("I7", "a decision takes effect in time", """
        select 'decision:' || id, number from selfservice_decision
        where state = 'waiting' and carry_out_at < %(late)s"""),
    ("I7", "nobody decides for themselves", """
        select 'decision:' || decision.id, decision.number from selfservice_decision decision
        where decision.by_id = decision.second_id or (decision.state in ('waiting', 'done') and exists (
            select from billing_refundrequest asked
            where decision.kind = 'refund' and asked.id = decision.subject
            and asked.by_id in (decision.by_id, decision.second_id)))"""),
)  # fmt: skip
