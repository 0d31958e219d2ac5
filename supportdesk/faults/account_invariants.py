"""What must hold of changes of accounts that wait, and of profiles that were opened, in SQL that answers the rows in
which it does not."""

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I7", "a change of an account waits exactly while its timer does", """
        select 'actionrequest:' || request.id, request.state from accounts_actionrequest request
        left join timers_timer timer on timer.subject = request.id and timer.done_at is null
            and timer.kind = case when request.kind = 'cancel_account' then 'accounts.close_account'
                else 'accounts.change_address' end
        where (request.state = 'approved') <> (timer.id is not null)"""),
    ("I7", "a change of an account whose day has come was done", """
        select 'actionrequest:' || id, 'due ' || due_at from accounts_actionrequest
        where state = 'approved' and due_at < %(late)s"""),
    ("I7", "an address changed by two people", """
        select 'actionrequest:' || id, kind from accounts_actionrequest
        where state = 'executed' and kind <> 'cancel_account'
        and (decided_by_id is null or decided_by_id = proposed_by_id or level < 2)"""),
    ("I7", "the profiles that count for a day are those that were opened", """
        select 'readingday:' || day.id, 'counted: ' || day.profiles || ', opened: ' || count(opened.id)
        from accounts_readingday day
        left join accounts_profilereading opened on opened.by_id = day.by_id and opened.day = day.day
        group by day.id having day.profiles <> count(opened.id)"""),
)  # fmt: skip
