"""What must hold of bookings (I8), in SQL that answers the rows in which it does not. Shape: `invariants.CHECKS`."""

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I8", "no two sessions of a trainer overlap", """
        select 'session:' || one.id, 'and ' || other.id
        from training_session one join training_session other
            on other.trainer_id = one.trainer_id and other.id > one.id and other.blocked && one.blocked
        where one.is_on and other.is_on"""),
    ("I8", "a time that one customer took is a booking's, and a booking has its time", """
        select 'session:' || session.id, case when session.is_on then 'nobody sits in it' else booking.state end
        from training_session session
        left join training_booking booking on booking.session_id = session.id
            and booking.state in ('payment_hold', 'confirmed', 'completed', 'no_show')
        where session.seats = 1 and session.is_on <> (booking.id is not null)"""),
    ("I8", "a class has no more people and offers than seats", """
        select 'session:' || session.id, count(distinct booking.id) || ' and ' || count(distinct waiter.id)
        from training_session session
        left join training_booking booking on booking.session_id = session.id
            and booking.state in ('payment_hold', 'confirmed', 'completed', 'no_show')
        left join training_waitlistentry waiter on waiter.session_id = session.id and waiter.state = 'offered'
        where session.seats > 1
        group by session.id, session.seats
        having count(distinct booking.id) + count(distinct waiter.id) > session.seats"""),
    ("I8", "what is paid is not held, and a hold ends in time", """
        select 'booking:' || booking.id, 'held until ' || booking.hold_until
        from training_booking booking left join billing_invoice invoice on invoice.id = booking.invoice_id
        where booking.state = 'payment_hold'
            and (booking.hold_until < %(late)s or (invoice.state = 'paid' and invoice.paid_at < %(late)s))"""),
)  # fmt: skip
