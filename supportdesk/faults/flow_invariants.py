"""What must hold of cases (I12), in SQL that answers the rows in which it does not. Shape: `invariants.CHECKS`."""

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I12", "a case that runs is in one stage, and one that is over in none", """
        select 'case:' || one.id, one.state || ', open visits: ' || count(visit.id)
        from tickets_case one left join tickets_casevisit visit on visit.case_id = one.id and visit.left_at is null
        group by one.id, one.state, one.visit, one.stage_id
        having count(visit.id) <> (case when one.state in ('done', 'lost') then 0 else 1 end)
            or (count(visit.id) = 1 and (max(visit.no) <> one.visit or max(visit.stage_id) <> one.stage_id))"""),
    ("I12", "nothing waits for a stage that was left", """
        select 'case:' || one.id, timer.kind || ' of visit ' || timer.visit
        from timers_timer timer join tickets_case one on one.id = timer.subject
        where timer.done_at is null
            and timer.kind in
                ('tickets.case_reminder', 'tickets.case_escalates', 'tickets.case_exhausted', 'tickets.case_paid')
            and (timer.visit <> one.visit or one.state in ('done', 'lost'))"""),
    ("I12", "a case follows a version that was published, and its stage is one of it", """
        select 'case:' || one.id, version.number::text
        from tickets_case one join tickets_flowversion version on version.id = one.version_id
        join tickets_stage stage on stage.id = one.stage_id
        where version.published_at is null or stage.version_id <> version.id or version.flow_id <> one.flow_id"""),
    ("I12", "what is due falls due in time", """
        select 'case:' || timer.subject, timer.kind || ' since ' || timer.due_at
        from timers_timer timer where timer.done_at is null and timer.try_at < %(late)s
            and timer.kind in ('tickets.order_paid', 'tickets.case_reminder', 'tickets.case_escalates')"""),
)  # fmt: skip
