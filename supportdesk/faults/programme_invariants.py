"""What must hold of the programmes and of what reports count (I12), in SQL that answers the rows in which it does not.

%(zone)s is where this desk's days and months begin. Mails that somebody gets once are those whose key begins with day,
invoices, problem or weekly.
"""

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I12", "what a programme tells somebody it tells once", """
        select source_key, to_address || ': ' || count(*) from mail_outgoingmail
        where kind = 'notification' and source_key ~ '^(day|invoices|problem|weekly):'
        group by source_key, to_address having count(*) > 1"""),
    ("I12", "a Customer Day of a quarter that is over was held or missed", """
        select 'customerday:' || day.id, day.state || ' in ' || day.quarter from insights_customerday day
        where ((day.state in ('invited', 'planned', 'briefed') and day.quarter + interval '3 months'
                < (%(late)s::timestamptz at time zone %(zone)s)::date)
            or (day.state = 'working' and day.quarter + interval '3 months 14 days'
                < (%(late)s::timestamptz at time zone %(zone)s)::date))
        and not exists (select from insights_customerdayrules where not is_enabled)"""),
    ("I12", "a Customer Day goes step by step", """
        select 'customerday:' || day.id, day.state || ' in ' || day.quarter from insights_customerday day
        where (day.reminded_at is not null and day.reminded_at < day.invited_at)
            or (day.proposed_at is not null and day.proposed_at < day.invited_at)
            or (day.started_at is not null and day.briefed_at is null)
            or (day.debriefed_at is not null and day.started_at is null)"""),
    ("I12", "an observation stands where its last step brought it", """
        select 'observation:' || seen.id, seen.state from insights_observation seen
        where seen.state <> coalesce((select move.state from insights_observationmove move
            where move.observation_id = seen.id order by move.id desc limit 1), 'open')"""),
    ("I12", "observations of a day are numbered from one", """
        select 'customerday:' || day_id, 'highest: ' || max(n) || ', of ' || count(*) from insights_observation
        group by day_id having max(n) <> count(*)"""),
    ("I12", "a problem stands where its last step brought it", """
        select 'problem:' || problem.id, problem.state from insights_problem problem
        where problem.state <> coalesce((select move.state from insights_problemmove move
            where move.problem_id = problem.id order by move.id desc limit 1), '')"""),
    ("I12", "a verified fix left half of the contacts or less", """
        select 'problem:' || id, before || ' before, ' || after || ' after' from insights_problem
        where state = 'verified' and (coalesce(before, 0) = 0 or after::numeric * 2 *
            case when before_customers > 0 and after_customers > 0 then before_customers else 56 end > before::numeric *
            case when before_customers > 0 and after_customers > 0 then after_customers else 28 end)"""),
    ("I12", "a fix is judged once its 28 days are over", """
        select 'problem:' || id, 'fixed on ' || fixed_on from insights_problem
        where state = 'fixed' and judged_at is null
        and fixed_on + 30 < (%(late)s::timestamptz at time zone %(zone)s)::date"""),
    ("I12", "an announcement reaches a linked ticket in time, or says why not", """
        select 'told:' || told.id, told.state from insights_told told
        join insights_announcement made on made.id = told.announcement_id
        where (told.state = 'waiting' and made.at < %(late)s) or (told.state = 'failed' and told.words = '')
            or (told.state <> 'sent' and told.message_id is not null)"""),
    ("I12", "an announcement stands on a ticket once", """
        select 'ticket:' || message.ticket_id, 'announcement ' || told.announcement_id || ': ' || count(*)
        from insights_told told join tickets_message message on message.id = told.message_id
        group by message.ticket_id, told.announcement_id having count(*) > 1"""),
    ("I12", "every month of invoices since the first is there in time", """
        select 'month:' || wanted::date, 'since ' || how.since from insights_invoicerules how,
            generate_series(greatest(how.since, date_trunc('month', %(late)s::timestamptz at time zone %(zone)s)::date
                    - interval '24 months'),
                date_trunc('month', %(late)s::timestamptz at time zone %(zone)s)::date - interval '1 month',
                '1 month') as wanted
        where how.branch_id is not null and how.since is not null and not exists (
            select from insights_invoicemonth month where month.month = wanted::date)"""),
    ("I12", "a month of invoices adds up to its reasons, and was over when it was closed", """
        select 'month:' || month.month, 'questions: ' || month.questions from insights_invoicemonth month
        where month.questions <> (select coalesce(sum(count::int), 0) from jsonb_each_text(month.by_reason)
                as said (reason, count))
            or (month.closed_at at time zone %(zone)s)::date < month.month + interval '1 month'"""),
    ("I12", "the invoices of a month are as many as were counted", """
        select 'month:' || kept.month, 'kept: ' || kept.invoices || ', counted: ' || count(invoice.id)
        from insights_issuedcount kept left join billing_invoice invoice on invoice.number is not null
            and invoice.issued_at >= kept.month::timestamp at time zone %(zone)s
            and invoice.issued_at < (kept.month + interval '1 month') at time zone %(zone)s
        where kept.counted_at < %(late)s group by kept.id having kept.invoices <> count(invoice.id)
            and coalesce(max(invoice.created_at), kept.counted_at) <= kept.counted_at"""),
    ("I12", "whoever read what support is for is not asked to, and nobody read what was never there", """
        select 'person:' || person.id, 'version ' || goals.version from insights_goals goals
        join insights_goalsread seen on seen.version = goals.version
        join accounts_person person on person.id = seen.person_id
        where person.must_read = '/insights/goals/' and seen.at < %(late)s
        union all
        select 'person:' || seen.person_id, 'version ' || seen.version from insights_goalsread seen
        where seen.version > coalesce((select max(version) from insights_goals), 0)"""),
    ("I12", "a counted day is what its facts say", """
        with days as (
            select "on" as day, count(*) filter (where kind = 'opened') as opened,
                count(*) filter (where is_contact) as contacts, count(*) filter (where kind = 'closed') as closed,
                0 as answers from insights_turn group by 1
            union all select "on", 0, 0, 0, count(*) from insights_answer group by 1
        ), facts as (
            select day, sum(opened) as opened, sum(contacts) as contacts, sum(closed) as closed,
                sum(answers) as answers from days group by 1
        ), counted as (
            select "on" as day, sum(opened) as opened, sum(contacts) as contacts, sum(closed) as closed,
                sum(answers) as answers from insights_figure where dimension = 'all' group by 1
        )
        select 'day:' || coalesce(facts.day, counted.day), 'contacts: ' || coalesce(facts.contacts, 0) ||
            ', counted: ' || coalesce(counted.contacts, 0)
        from facts full join counted on counted.day = facts.day
        where (coalesce(facts.opened, 0), coalesce(facts.contacts, 0), coalesce(facts.closed, 0),
                coalesce(facts.answers, 0)) is distinct from (coalesce(counted.opened, 0),
                coalesce(counted.contacts, 0), coalesce(counted.closed, 0), coalesce(counted.answers, 0))
            and not exists (select from insights_dirtyday where "on" = coalesce(facts.day, counted.day))"""),
    ("I12", "a counted month of customers is who was active in it", """
        select 'month:' || coalesce(kept.month, active.month), 'kept: ' || coalesce(kept.customers, 0) ||
            ', active: ' || coalesce(active.customers, 0)
        from insights_activecount kept
        full join (select month, count(*) as customers from insights_activemonth group by 1) active
            on active.month = kept.month
        where coalesce(kept.customers, 0) <> coalesce(active.customers, 0)"""),
)  # fmt: skip
