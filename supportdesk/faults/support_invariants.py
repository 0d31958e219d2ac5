"""What must hold of entitlements and of minutes beyond what we support, in SQL that answers the rows in which it does
not."""

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I7", "the incidents of a pack that are used are those that tickets used", """
        select 'entitlement:' || pack.id, 'used: ' || pack.incidents_used || ', checks: ' || count(used.id)
        from tickets_entitlement pack
        left join tickets_entitlementcheck used on used.entitlement_id = pack.id and used.spends
        group by pack.id having pack.incidents_used <> count(used.id)"""),
    ("I7", "a ticket has priority exactly when something showed it", """
        select 'ticket:' || coalesce(ticket.id, shown.ticket_id), coalesce(ticket.support, 'nothing')
        from (select id, support, entitled_at from tickets_ticket where support = 'priority') ticket
        full join (select * from tickets_entitlementcheck where result = 'entitled') shown
            on shown.ticket_id = ticket.id
        where ticket.id is null or shown.id is null or ticket.entitled_at is null
        or shown.method not in ('session', 'hmac', 'email_code', 'mail', 'attested')"""),
    ("I7", "a claim that a contact confirmed is a check", """
        select 'claim:' || claim.id, 'ticket ' || claim.ticket_id from tickets_priorityclaim claim
        where claim.is_theirs and not exists (select from tickets_entitlementcheck shown
            where shown.entitlement_id = claim.entitlement_id and shown.at = claim.answered_at)"""),
    ("I7", "of a rule one version holds on a day", """
        select 'scoperule:' || one.line, one.version || ' and ' || other.version
        from tickets_scoperule one join tickets_scoperule other on other.line = one.line and other.id > one.id
        where one.withdrawn_at is null and other.withdrawn_at is null
        and one.starts_on < coalesce(other.ends_on, 'infinity') and other.starts_on < coalesce(one.ends_on, 'infinity')
        and one.starts_on < coalesce(one.ends_on, 'infinity')
        and other.starts_on < coalesce(other.ends_on, 'infinity')"""),
    ("I7", "a ticket shows the verdict that was given of it", """
        select 'ticket:' || ticket.id, ticket.scope from tickets_ticket ticket
        join tickets_ticketscope said on said.ticket_id = ticket.id
        left join tickets_scoperule rule on rule.id = said.rule_id
        where ticket.scope
            <> case when said.overridden_at is not null then 'full' else coalesce(rule.verdict, '') end"""),
)  # fmt: skip
