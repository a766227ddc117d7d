-- The one rule: each open item's next step, its date, or why there is none; and each customer's next
-- communication. Planning, the dossier and `why` all read step_schedule().

-- What silences: everything that reads holds reads this. A hold ends with its last day.
create function tegoed.active_hold(p_on date) returns setof tegoed.hold
language sql stable as $$
    select h.* from tegoed.hold h
    where h.released_at is null and h.starts <= p_on and (h.until is null or h.until >= p_on)
$$;

create function tegoed.stop_mask(p_stops text[]) returns int
language sql immutable parallel safe as $$
    select case when 'all' = any (p_stops) then 31 else
        case when 'email' = any (p_stops) then 1 else 0 end + case when 'letter' = any (p_stops) then 2 else 0 end
        + case when 'call' = any (p_stops) then 4 else 0 end + case when 'charge' = any (p_stops) then 8 else 0 end end
$$;

create function tegoed.kind_mask(p_kind text) returns int
language sql immutable parallel safe as $$
    select case p_kind when 'email' then 1 when 'letter' then 2 when 'call' then 4 when 'charge' then 8 else 16 end
$$;

-- A letter is presumed delivered on the second day after posting; Sundays, Mondays and holidays do not
-- count. A day off of the company counts as a holiday: later is the safe side. A Saturday is no working day
-- anyway, so which of them are official holidays (always the same dates) is said here.
create function tegoed.presumed_delivery(p_company int, p_posted date) returns date
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select max(day) from (
        select c.day from tegoed.company_calendar c
        where c.company_id = p_company and c.day between p_posted + 1 and p_posted + 30
          and extract(isodow from c.day) not in (1, 7)
          and (c.working or extract(isodow from c.day) = 6
               and to_char(c.day, 'MM-DD') not in ('01-01', '04-26', '04-27', '05-05', '12-25', '12-26')
               and c.day <> all (select unnest(k.days_off) from tegoed.company k where k.id = p_company))
        order by c.day limit 2
    ) days
$$;

-- The last of fourteen days from the day after delivery; on a day that is not a working day, the next one.
create function tegoed.notice_last_day(p_company int, p_delivered date) returns date
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select tegoed.next_working(p_company, p_delivered + 14)
$$;

-- The workflow of each customer and where it comes from: own, group and profile, group, profile, company.
create function tegoed.customer_workflow(p_companies int[], p_customers bigint[])
returns table (customer_id bigint, company_id int, kind text, is_natural boolean, profile_id int, tone text,
               workflow_id int, version_id int, workflow_from text, contact_gap int, bundle_ahead int)
language sql stable as $$
    select cu.id, cu.company_id, cu.kind, cu.kind in ('consumer', 'unknown'), coalesce(cu.profile_id, 0),
           coalesce(cu.tone, p.tone, c.tone),
           v.workflow_id, v.id,
           case when cu.workflow_id is not null then 'customer' when gp.workflow_id is not null then 'group and profile'
                when g.workflow_id is not null then 'group' when p.workflow_id is not null then 'profile'
                else 'company' end,
           v.contact_gap, v.bundle_ahead
    from tegoed.customer cu
    join tegoed.company c on c.id = cu.company_id
    left join tegoed.customer_group g on g.id = cu.group_id
    left join tegoed.payment_profile p on p.id = cu.profile_id
    left join tegoed.group_profile_workflow gp on gp.group_id = cu.group_id and gp.profile_id = cu.profile_id
    left join tegoed.workflow_version v on v.state = 'published'
        and v.workflow_id = coalesce(cu.workflow_id, gp.workflow_id, g.workflow_id, p.workflow_id, c.default_workflow_id)
    where cu.company_id = any (p_companies) and (p_customers is null or cu.id = any (p_customers))
$$;

-- Each open item by itself: next step, date, holds, and what waits or fails apart from its customer.
-- Joins only, no sort: planning reads it over everything to find who is due.
create function tegoed.item_step(p_companies int[], p_on date, p_customers bigint[])
returns table (
    open_item_id bigint, company_id int, customer_id bigint, currency text, item_kind text, due_date date,
    outstanding numeric, unheld numeric, held boolean, held_until date, is_natural boolean, tone text,
    version_id int, workflow_from text, contact_gap int, bundle_ahead int,
    "position" smallint, following smallint, stage text, rank smallint, kind text, minimum_amount numeric,
    rule_on date, own_on date, wait text, fail text,
    can_be_noticed boolean, reminded_on date, notice_id bigint, last_step_on date, live_action_id bigint
)
language sql stable as $$
    select oi.id, oi.company_id, oi.customer_id, oi.currency, oi.kind, oi.due_date,
           oi.outstanding,
           case when oi.outstanding > 0 then greatest(oi.outstanding - coalesce(ih.part, 0), 0) else oi.outstanding end,
           (coalesce(ih.mask, 0) | cw.mask) & coalesce(tegoed.kind_mask(s.kind), 3) <> 0,
           nullif(greatest(ih.until, cw.until), 'infinity'),
           cw.is_natural, cw.tone, cw.version_id, cw.workflow_from, cw.contact_gap, cw.bundle_ahead,
           s.position, n.following, s.stage, s.rank, s.kind, s.minimum_amount,
           rule.day,
           coalesce(case when s.kind = 'call' and s.days < 0 and s.after = 'due_date' then o.previous_working
                         else o.next_working end, effective.day),
           case when s.after = 'notice_term' and nt.id is not null and nt.last_day is null then 'notice_not_posted'
                when s.kind = 'charge' and nt.last_day is not null
                     and (cw.data_as_of is null or cw.data_as_of <= nt.last_day) then 'data_not_covering'
                when s.stage = 'notice14' and cw.is_natural and oi.currency = any (cw.terms_in) then 'earlier_term_runs'
                when cw.is_natural and s.rank > 30  -- past the 14-day letter
                     and (nt.state = 'pending' or nt.state = 'running' and nt.last_day >= p_on) then 'term_runs' end,
           case when s.stage = 'notice14' and oi.due_estimated then 'due_estimated'
                when s.stage = 'notice14' and oi.notice_id is not null and not further.notice then 'already_noticed'
                when s.kind = 'charge' and oi.due_estimated then 'due_estimated'
                when s.kind = 'charge' and s.after = 'notice_term' and nt.id is null then 'no_notice'
                when s.kind = 'charge' and nt.state = 'charged' then 'already_charged'
                when s.kind in ('charge', 'hand_over') and oi.reminded_on is null then 'never_demanded' end,
           oi.outstanding > 0 and oi.due_date < p_on and not oi.due_estimated and oi.reminded_on is not null
               and (oi.notice_id is null or further.notice) and not oi.notice_skipped and not oi.currency = any (cw.terms_in)
               and (coalesce(ih.mask, 0) | cw.mask) & 3 = 0,
           oi.reminded_on, oi.notice_id, oi.last_step_on, live.action_id
    from tegoed.open_item oi
    join (
        select w.*, c.data_as_of, coalesce(ch.mask, 0) as mask, ch.until, cr.day as free_from,
               coalesce(rn.currencies, '{}') as terms_in
        from tegoed.customer_workflow(p_companies, null) w
        join tegoed.company c on c.id = w.company_id
        left join (
            select h.customer_id, bit_or(tegoed.stop_mask(h.stops)) as mask,
                   max(coalesce(h.until, 'infinity')) as until
            from tegoed.active_hold(p_on) h
            where h.company_id = any (p_companies) and h.open_item_id is null group by 1
        ) ch on ch.customer_id = w.customer_id
        left join (
            select h.customer_id, max(tegoed.following_working(h.company_id, coalesce(h.ended_on, h.until))) as day
            from tegoed.hold h
            where h.company_id = any (p_companies) and coalesce(h.ended_on, h.until) between p_on - 14 and p_on
              and h.open_item_id is null
            group by 1
        ) cr on cr.customer_id = w.customer_id
        left join (
            select nr.customer_id, array_agg(nr.currency) as currencies from tegoed.notice nr
            where nr.company_id = any (p_companies)
              and (nr.state = 'pending' or nr.state = 'running' and nr.last_day >= p_on)
            group by 1
        ) rn on rn.customer_id = w.customer_id
        where w.customer_id = any (p_customers)
    ) cw on cw.customer_id = oi.customer_id
    left join tegoed.action_item live on live.open_item_id = oi.id and live.live_step
    left join (
        select h.open_item_id, bit_or(case when h.amount is null then tegoed.stop_mask(h.stops) else 0 end) as mask,
               sum(h.amount) as part, max(coalesce(h.until, 'infinity')) as until
        from tegoed.active_hold(p_on) h
        where h.company_id = any (p_companies) and h.open_item_id is not null group by 1
    ) ih on ih.open_item_id = oi.id
    left join (
        select h.open_item_id, max(tegoed.following_working(h.company_id, coalesce(h.ended_on, h.until))) as day
        from tegoed.hold h
        where h.company_id = any (p_companies) and coalesce(h.ended_on, h.until) between p_on - 14 and p_on
          and h.open_item_id is not null
        group by 1
    ) ir on ir.open_item_id = oi.id
    left join tegoed.notice nt on nt.id = oi.notice_id
    left join tegoed.notice_item nti on nti.notice_id = nt.id and nti.open_item_id = oi.id
    left join tegoed.workflow_next n on oi.outstanding > 0 and oi.kind = 'invoice'
        and n.version_id = cw.version_id and n.customer_kind = cw.kind and n.profile_id = cw.profile_id
        and n.position_done = case
            when oi.rank_done = 0 and oi.position_done = 0 then 0::smallint
            when oi.progress_version_id = cw.version_id then oi.position_done
            else (select coalesce(max(e.position), 0)::smallint from tegoed.workflow_step e
                  where e.version_id = cw.version_id and e.rank <= oi.rank_done) end
    cross join lateral (
        -- what a part-hold kept out of the notice needs one of its own; the costs of the first come before it
        select coalesce(nti.principal < oi.outstanding - coalesce(ih.part, 0), false) and coalesce(cw.is_natural
            and (nt.state in ('charged', 'paid') or nt.last_day < p_on and (
                select f.kind <> 'charge' from tegoed.workflow_step f
                where f.version_id = n.version_id and f.position = n.position)), false) as notice
    ) further
    left join tegoed.workflow_step s on s.version_id = n.version_id and s.position = case
        when further.notice then coalesce((select min(f.position) from tegoed.workflow_step f
                                           where f.version_id = n.version_id and f.stage = 'notice14'), n.position)
        else n.position end
    cross join lateral (
        select case s.after when 'due_date' then oi.due_date
            when 'notice_term' then coalesce(nt.last_day, case when nt.id is null then coalesce(oi.last_step_on, oi.due_date) end)
            else coalesce(oi.last_step_on, oi.due_date) end as day
    ) base
    left join tegoed.company_calendar b on s.day_kind = 'business' and b.company_id = oi.company_id and b.day = base.day
    left join tegoed.company_calendar t on t.company_id = b.company_id and t.working
        and t.working_no = b.working_no + s.days
    cross join lateral (
        -- before the calendar's first day, days are only counted
        select case s.day_kind when 'business' then coalesce(t.day, base.day + s.days) else base.day + s.days end as day
    ) rule
    cross join lateral (
        select case when rule.day is not null then greatest(rule.day, oi.planning_from,
            oi.last_step_on + greatest(s.min_interval, 1), ir.day, cw.free_from) end as day
    ) effective
    left join tegoed.company_calendar o on o.company_id = oi.company_id and o.day = effective.day
    where oi.company_id = any (p_companies) and oi.outstanding <> 0
      and oi.customer_id = any (p_customers)
$$;

-- Each item within its customer. `verdict`: due (leaves or is done now), joins (bundled with what is due),
-- covered (set off by credits), set_off, cost, in_action, skip, waiting, held, later, finished,
-- never_demanded (a person must look), no_workflow.
-- Written as passes over materialised steps: item by item, then grouped by customer and currency and joined
-- back. Nested windows computed the same at three times the cost. What a customer's items share stays with
-- the customer, and what the whole communication needs is counted in one grouping for every way it can go:
-- each further pass over the items costs more than the counting.
create function tegoed.schedule_of(p_companies int[], p_on date, p_customers bigint[])
returns table (
    open_item_id bigint, company_id int, customer_id bigint, currency text, item_kind text, due_date date,
    outstanding numeric, unheld numeric, is_natural boolean, tone text, version_id int, workflow_from text,
    "position" smallint, following smallint, stage text, rank smallint, kind text,
    own_on date, verdict text, reason text, held_until date, live_action_id bigint,
    communication_on date, at_earliest date, waiting_action_id bigint,
    net numeric, overdue numeric, days_overdue int, text_position smallint, text_rank smallint
)
language sql stable as $$
    with item as materialized (
        select i.open_item_id, i.customer_id, i.currency, i.item_kind, i.due_date, i.outstanding, i.unheld, i.held,
               i.held_until, i.position, i.following, i.stage, i.rank, i.kind, i.minimum_amount, i.own_on,
               i.wait, i.fail, i.live_action_id,
               i.can_be_noticed and i.live_action_id is null and i.unheld > 0 as can_go_along,
               i.kind in ('email', 'letter') as written,
               i.outstanding > 0 and i.due_date < p_on and not i.held and i.item_kind = 'invoice' as overdue_unheld
        from tegoed.item_step(p_companies, p_on, p_customers) i
    ), contact as materialized (
        select d.customer_id, a.currency, max(d.contact_on) as last_on,
               max(d.contact_on) filter (where d.contact_on < p_on) as before_on,
               count(*) filter (where d.contact_on = p_on) as today
        from tegoed.delivery d join tegoed.action a on a.id = d.action_id
        where d.company_id = any (p_companies) and d.contact_on between p_on - 60 and p_on
          and d.state in ('claimed', 'sending', 'done', 'failed', 'uncertain')
          and d.customer_id = any (p_customers)
        group by 1, 2
    ), contact_before as (
        -- letters in two currencies may leave on one day; from the next day on each counts for the other
        select customer_id, max(before_on) as last_on, sum(today) as today from contact group by 1
    ), called_today as (
        select ca.customer_id, count(*) as today from tegoed.call_attempt ca
        where ca.company_id = any (p_companies) and ca.on_date = p_on and ca.customer_id = any (p_customers) group by 1
    ), waiting as (
        select a.customer_id, a.currency, min(a.id) as action_id, min(a.business_date) as business_date,
               bool_or(a.stage = 'notice14') as notices
        from tegoed.action a
        where a.company_id = any (p_companies) and a.state in ('planned', 'awaiting_approval', 'approved')
          and a.kind in ('email', 'letter') and a.origin = 'workflow'
          and a.customer_id = any (p_customers)
        group by 1, 2
    ), account as (
        select i.customer_id, i.currency,
               coalesce(sum(i.unheld) filter (where i.overdue_unheld), 0) as overdue,
               coalesce(sum(i.unheld) filter (where i.outstanding < 0 and not i.held), 0) as credit
        from item i group by 1, 2
    ), desk as materialized (
        select k.*, k.overdue + k.credit as net, greatest(c.minimum_amount, 0.01) as least_amount,
               cw.company_id, cw.is_natural, cw.tone, cw.version_id, cw.workflow_from, cw.contact_gap, cw.bundle_ahead,
               contacts.day_full,
               greatest(greatest(same.last_on, before.last_on) + cw.contact_gap,
                        case when contacts.day_full then p_on + 1 end) as gap_until,
               w.action_id as waiting_action_id, w.business_date as waiting_on,
               coalesce(w.notices, false) as waiting_notices
        from account k
        join tegoed.customer_workflow(p_companies, null) cw on cw.customer_id = k.customer_id
            and cw.customer_id = any (p_customers)
        join tegoed.company c on c.id = cw.company_id
        left join contact same on same.customer_id = k.customer_id and same.currency = k.currency
        left join contact_before before on before.customer_id = k.customer_id
        left join called_today ct on ct.customer_id = k.customer_id
        left join waiting w on w.customer_id = k.customer_id and w.currency = k.currency
        cross join lateral (
            select coalesce(before.today, 0) + coalesce(ct.today, 0) >= c.max_contacts_per_day as day_full
        ) contacts
    ), covering as (
        -- credits cover the oldest first; only customers who have any
        select i.open_item_id, sum(case when i.overdue_unheld then i.unheld else 0 end) over
                   (partition by i.customer_id, i.currency order by i.due_date, i.open_item_id) + d.credit <= 0 as covers
        from item i
        join desk d on d.customer_id = i.customer_id and d.currency = i.currency
        where d.credit < 0
    ), checked as (
        select i.*, d.is_natural, i.own_on <= p_on + d.bundle_ahead as near, coalesce(v.covers, false) as covers,
               coalesce(i.wait, case when i.written and i.own_on <= p_on and i.due_date >= p_on then 'not_overdue'
                   when i.kind = 'call' and i.own_on <= p_on and d.day_full then 'day_full' end) as waits,
               coalesce(i.fail, case
                   when i.kind is null or not i.overdue_unheld
                        or d.net >= greatest(i.minimum_amount, d.least_amount) then null
                   when d.net <= 0 then 'net' else 'below_minimum' end) as failed
        from item i
        join desk d on d.customer_id = i.customer_id and d.currency = i.currency
        left join covering v on v.open_item_id = i.open_item_id
        offset 0
    ), ready as materialized (
        select k.open_item_id, k.customer_id, k.currency, k.item_kind, k.due_date, k.outstanding, k.unheld, k.held,
               k.held_until, k.position, k.following, k.stage, k.rank, k.kind, k.own_on, k.live_action_id,
               k.can_go_along, k.written, k.overdue_unheld, k.near, k.covers, k.waits, k.failed,
               k.kind is not null and not k.held and k.waits is null and k.failed is null
                   and k.live_action_id is null and k.unheld > 0 as free,
               k.is_natural and k.stage = 'notice14' as notices,
               k.is_natural and k.written and k.rank > 30 as past_notice
        from checked k
    ), called as (
        select r.customer_id, r.currency,
               bool_or(r.asks and r.own_on <= p_on) as written_due,
               bool_or(r.free and r.notices and r.near) as notice_due,
               bool_or(r.free and r.past_notice and r.overdue_unheld and r.near) as past_notice_due,
               min(r.own_on) filter (where r.asks) as first_own,
               -- the furthest of what takes part and is not covered, for every way it can go
               max(r.position) filter (where r.joins and not r.past_notice) as position_with_notice,
               max(r.rank) filter (where r.joins and not r.past_notice) as rank_with_notice,
               max(r.position) filter (where r.joins and not r.notices) as position_joining,
               max(r.rank) filter (where r.joins and not r.notices) as rank_joining,
               bool_or(r.can_go_along and not r.covers) as goes_along,
               max(r.position) filter (where r.leaves and r.can_go_along is not true) as position_beside,
               max(r.rank) filter (where r.leaves and r.can_go_along is not true) as rank_beside,
               max(r.position) filter (where r.leaves and not r.notices) as position_past_notice,
               max(r.rank) filter (where r.leaves and not r.notices) as rank_past_notice,
               max(r.position) filter (where r.leaves) as position_leaving,
               max(r.rank) filter (where r.leaves) as rank_leaving
        from (
            select x.*, x.free and x.written as asks,
                   x.free and x.written and not x.covers and x.own_on <= p_on as joins,
                   x.free and x.written and not x.covers and x.overdue_unheld and x.near as leaves
            from ready x
            offset 0
        ) r
        group by 1, 2
    ), notice_step as (
        select distinct on (w.version_id) w.version_id, w.position, w.stage, w.rank, w.kind
        from tegoed.workflow_step w where w.stage = 'notice14' order by w.version_id, w.position
    ), leaving as (
        select d.*, c.first_own, coalesce(c.past_notice_due, false) as past_notice_due, leaves.now as leaves,
               leaves.now and coalesce(c.notice_due, false) and not coalesce(c.past_notice_due, false) as notices_leave,
               c.position_with_notice, c.rank_with_notice, c.position_joining, c.rank_joining,
               c.goes_along, c.position_beside, c.rank_beside,
               c.position_past_notice, c.rank_past_notice, c.position_leaving, c.rank_leaving
        from called c
        join desk d on d.customer_id = c.customer_id and d.currency = c.currency
        cross join lateral (
            select d.waiting_action_id is null and coalesce(c.written_due, false)
                   and coalesce(d.gap_until, p_on) <= p_on as now
        ) leaves
        offset 0
    ), seat as materialized (
        select l.customer_id, l.currency, l.company_id, l.is_natural, l.tone, l.version_id, l.workflow_from,
               l.contact_gap, l.bundle_ahead, l.day_full, l.net, l.overdue, l.waiting_action_id, l.waiting_notices,
               l.past_notice_due, l.leaves, l.notices_leave,
               case when l.waiting_action_id is not null then l.waiting_on
                    when l.first_own is not null then coalesce(n.next_working, greatest(l.first_own, l.gap_until, p_on))
                    end as communication_on,
               ns.position as notice_position, ns.stage as notice_stage, ns.rank as notice_rank, ns.kind as notice_kind,
               case when l.waiting_notices then l.position_with_notice
                    when l.waiting_action_id is not null then l.position_joining
                    when l.notices_leave then greatest(l.position_beside, case when l.goes_along then ns.position end)
                    when l.leaves and l.past_notice_due then l.position_past_notice
                    when l.leaves then l.position_leaving end as text_position,
               case when l.waiting_notices then l.rank_with_notice
                    when l.waiting_action_id is not null then l.rank_joining
                    when l.notices_leave then greatest(l.rank_beside, case when l.goes_along then ns.rank end)
                    when l.leaves and l.past_notice_due then l.rank_past_notice
                    when l.leaves then l.rank_leaving end as text_rank
        from leaving l
        left join tegoed.company_calendar n on n.company_id = l.company_id
            and n.day = greatest(l.first_own, l.gap_until, p_on)
        left join notice_step ns on ns.version_id = l.version_id
    ), member as (
        -- a 14-day letter to a natural person is never hidden under the text of a later step: whichever of
        -- the two goes first, the other waits out the gap
        select r.*, s.company_id, s.is_natural, s.tone, s.version_id, s.workflow_from, s.contact_gap, s.bundle_ahead,
               s.day_full, s.net, s.overdue, s.waiting_action_id, s.communication_on, s.text_position, s.text_rank,
               a.along as noticed_along,
               case
                   when s.waiting_action_id is not null then r.free and r.written and r.own_on <= p_on
                       and not case when s.waiting_notices then r.past_notice else r.notices end
                   when s.leaves then a.along
                       or r.free and r.written and r.overdue_unheld and r.near
                          and not (r.notices and s.past_notice_due)
                   else false end as takes_part,
               case when a.along then s.notice_position else r.position end as step_position,
               case when a.along then s.notice_stage else r.stage end as step_stage,
               case when a.along then s.notice_rank else r.rank end as step_rank,
               case when a.along then s.notice_kind else r.kind end as step_kind
        from ready r
        join seat s on s.customer_id = r.customer_id and s.currency = r.currency
        cross join lateral (select s.notices_leave and r.can_go_along as along) a
        offset 0
    )
    select p.open_item_id, p.company_id, p.customer_id, p.currency, p.item_kind, p.due_date,
           p.outstanding, p.unheld, p.is_natural, p.tone, p.version_id, p.workflow_from,
           p.step_position, p.following, p.step_stage, p.step_rank, p.step_kind,
           p.own_on,
           case
               when p.live_action_id is not null then 'in_action'
               when p.item_kind in ('cost', 'interest') then case when p.held then 'held' else 'cost' end
               when p.outstanding < 0 then case when p.held then 'held' else 'set_off' end
               when p.version_id is null then 'no_workflow'
               when p.takes_part and p.covers then 'covered'
               when p.takes_part and p.noticed_along then 'due'
               when p.kind is null then 'finished'
               when p.held or p.unheld <= 0 then 'held'
               when p.takes_part then case when p.own_on <= p_on then 'due' else 'joins' end
               when p.own_on > p_on then 'later'
               when p.waits is not null then 'waiting'
               when p.failed = 'never_demanded' and p.own_on <= p_on then 'never_demanded'
               when p.failed is not null and p.own_on <= p_on then
                   case when p_on >= (
                       select greatest(tegoed.add_days(p.company_id, case f.after when 'due_date' then p.due_date
                                  when 'notice_term' then tegoed.notice_last_day(p.company_id,
                                       tegoed.presumed_delivery(p.company_id, p.own_on))
                                  else p.own_on end, f.days, f.day_kind), p.own_on + f.min_interval)
                       from tegoed.workflow_step f where f.version_id = p.version_id and f.position = p.following)
                   then 'skip' else 'waiting' end
               when p.own_on is null or p.written then 'waiting'
               else 'due' end,
           coalesce(p.waits, p.failed,
               case when p.held then 'held' when p.own_on <= p_on and p.written and not p.takes_part then
                   case when p.waiting_action_id is not null then 'joins_waiting'
                        when p.day_full then 'day_full' else 'gap' end end),
           p.held_until, p.live_action_id, p.communication_on,
           case when not p.written or p.communication_on is null then p.own_on
                when p.takes_part then p_on
                when p.own_on <= p.communication_on + case when p.waiting_action_id is null then p.bundle_ahead else 0 end
                    then p.communication_on
                else greatest(p.own_on, p.communication_on + p.contact_gap) end,
           p.waiting_action_id, p.net, p.overdue, greatest(p_on - p.due_date, 0),
           p.text_position, p.text_rank
    from member p
$$;

-- The schedule of these customers, or of all when none are named. Few customers go by a plan that is made
-- once a session; many by one made for the occasion, without nested loops.
create function tegoed.step_schedule(p_companies int[], p_on date, p_customers bigint[] default null)
returns table (
    open_item_id bigint, company_id int, customer_id bigint, currency text, item_kind text, due_date date,
    outstanding numeric, unheld numeric, is_natural boolean, tone text, version_id int, workflow_from text,
    "position" smallint, following smallint, stage text, rank smallint, kind text,
    own_on date, verdict text, reason text, held_until date, live_action_id bigint,
    communication_on date, at_earliest date, waiting_action_id bigint,
    net numeric, overdue numeric, days_overdue int, text_position smallint, text_rank smallint
)
language plpgsql stable set plan_cache_mode = force_generic_plan as $$
declare
    v_customers bigint[] := p_customers;
begin
    if v_customers is null then
        select array_agg(cu.id) into v_customers from tegoed.customer cu where cu.company_id = any (p_companies);
    end if;
    if cardinality(v_customers) <= 200 then
        return query select * from tegoed.schedule_of(p_companies, p_on, v_customers);
    elsif v_customers is not null then
        return query select * from tegoed.schedule_of_many(p_companies, p_on, v_customers);
    end if;
end
$$;

create function tegoed.schedule_of_many(p_companies int[], p_on date, p_customers bigint[])
returns table (
    open_item_id bigint, company_id int, customer_id bigint, currency text, item_kind text, due_date date,
    outstanding numeric, unheld numeric, is_natural boolean, tone text, version_id int, workflow_from text,
    "position" smallint, following smallint, stage text, rank smallint, kind text,
    own_on date, verdict text, reason text, held_until date, live_action_id bigint,
    communication_on date, at_earliest date, waiting_action_id bigint,
    net numeric, overdue numeric, days_overdue int, text_position smallint, text_rank smallint
)
language plpgsql stable set plan_cache_mode = force_custom_plan set enable_nestloop = off as $$
begin
    return query select * from tegoed.schedule_of(p_companies, p_on, p_customers);
end
$$;
