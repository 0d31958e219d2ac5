"""What must hold of the monthly reading (I11), in SQL that answers the rows in which it does not. Shape:
`invariants.CHECKS`.

That a page was unread for more than a month is no fault of the program: people may be ill. That nobody was told is.
"""

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I11", "a page says that it was checked exactly when there is a proof of the text that readers see", """
        select 'article:' || article.id, coalesce(article.verified_at::text, 'no date') || ', but '
            || coalesce(proof.at::text, 'no proof')
        from knowledgebase_article article left join lateral (
            select at from knowledgebase_verification
            where article_id = article.id and revision_id = article.published_id order by at desc, id desc limit 1
        ) proof on true
        where article.published_id is not null and article.verified_at is distinct from proof.at"""),
    ("I11", "what readers see is read again within a month", """
        select 'article:' || article.id, 'due ' || coalesce(article.verify_due_at::text, 'never')
        from knowledgebase_article article
        where article.published_id is not null and (article.verify_due_at is null or article.verify_due_at >
            coalesce((select max(at) from knowledgebase_verification where article_id = article.id),
                (select min(reviewed_at) from knowledgebase_revision
                    where article_id = article.id and state = 'approved')) + interval '33 days')"""),
    ("I11", "everything that has to be read stands in the month", """
        select 'article:' || article.id, campaign.month::text
        from knowledgebase_campaignrules rules
        join knowledgebase_campaign campaign
            on campaign.month = date_trunc('month', %(now)s at time zone rules.zone)::date
        join knowledgebase_article article on article.published_id is not null and article.archived_at is null
        join knowledgebase_space space on space.id = article.space_id and space.archived_at is null
        where rules.is_enabled and article.published_at < %(late)s
        and (space.visibility in ('public', 'customers') or article.kind = any(rules.staff_kinds))
        and not exists (select from knowledgebase_campaignitem item
            where item.campaign_id = campaign.id and item.article_id = article.id)"""),
    ("I11", "a month that is complete has nothing left to read", """
        select 'campaign:' || campaign.id, count(*) || ' left'
        from knowledgebase_campaign campaign join knowledgebase_campaignitem item on item.campaign_id = campaign.id
        join knowledgebase_article article on article.id = item.article_id
        join knowledgebase_space space on space.id = article.space_id
        where campaign.state = 'complete' and item.outcome = 'open' and article.archived_at is null
        and article.published_id is not null and space.archived_at is null group by campaign.id"""),
    ("I11", "what was found right has its proof", """
        select 'campaignitem:' || item.id, item.outcome from knowledgebase_campaignitem item
        where item.outcome = 'ok' and not exists (
            select from knowledgebase_verification proof
            where proof.campaign_item_id = item.id and proof.revision_id = item.revision_id)"""),
    ("I11", "a page that was unread for more than a month was told of", """
        select 'article:' || article.id, 'since ' || read.at
        from knowledgebase_campaignrules rules
        join knowledgebase_article article on article.published_id is not null and article.archived_at is null
        join knowledgebase_space space on space.id = article.space_id and space.archived_at is null
        join lateral (select coalesce(
            (select max(at) from knowledgebase_verification where article_id = article.id),
            (select min(reviewed_at) from knowledgebase_revision
                where article_id = article.id and state = 'approved')) as at) read on true
        where rules.is_enabled
        and (space.visibility in ('public', 'customers') or article.kind = any(rules.staff_kinds))
        and (%(late)s at time zone rules.zone)::date - (read.at at time zone rules.zone)::date > 31
        and not exists (
            select from knowledgebase_checkgap gap where gap.article_id = article.id and gap.since = read.at)"""),
    ("I11", "an import that runs has somebody who wakes it", """
        select 'importrun:' || run.id, run.folder from knowledgebase_importrun run
        where run.state = 'running' and not exists (
            select from timers_timer timer where timer.kind = 'knowledgebase.import' and timer.subject = run.id
            and timer.done_at is null)"""),
)  # fmt: skip
