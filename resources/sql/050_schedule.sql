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
           (coalesce(ih.mask, 0) | coalesce(ch.mask, 0)) & coalesce(tegoed.kind_mask(s.kind), 3) <> 0,
           case when ih.until is null and ih.mask <> 0 then null else greatest(ih.until, ch.until) end,
           cw.is_natural, cw.tone, cw.version_id, cw.workflow_from, cw.contact_gap, cw.bundle_ahead,
           s.position, n.following, s.stage, s.rank, s.kind, s.minimum_amount,
           rule.day,
           case when s.kind = 'call' and s.days < 0 and s.after = 'due_date' then o.previous_working
                else coalesce(o.next_working, effective.day) end,
           case when s.after = 'notice_term' and nt.id is not null and nt.last_day is null then 'notice_not_posted'
                when s.kind = 'charge' and nt.last_day is not null
                     and (c.data_as_of is null or c.data_as_of <= nt.last_day) then 'data_not_covering'
                when s.stage = 'notice14' and cw.is_natural and rn.customer_id is not null then 'earlier_term_runs' end,
           case when s.stage = 'notice14' and (oi.due_estimated or oi.notice_id is not null)
                    then case when oi.due_estimated then 'due_estimated' else 'already_noticed' end
                when s.kind = 'charge' and oi.due_estimated then 'due_estimated'
                when s.kind = 'charge' and s.after = 'notice_term' and nt.id is null then 'no_notice'
                when s.kind = 'charge' and nt.state = 'charged' then 'already_charged'
                when s.kind in ('charge', 'hand_over') and oi.reminded_on is null then 'never_demanded' end,
           oi.outstanding > 0 and oi.due_date < p_on and not oi.due_estimated and oi.reminded_on is not null
               and oi.notice_id is null and rn.customer_id is null,
           oi.reminded_on, oi.notice_id, oi.last_step_on, live.action_id
    from tegoed.open_item oi
    join tegoed.company c on c.id = oi.company_id
    join tegoed.customer_workflow(p_companies, p_customers) cw on cw.customer_id = oi.customer_id
    left join tegoed.action_item live on live.open_item_id = oi.id and live.live_step
    left join (
        select h.open_item_id, bit_or(case when h.amount is null then tegoed.stop_mask(h.stops) else 0 end) as mask,
               sum(h.amount) as part,
               case when bool_or(h.until is null) then null else max(h.until) end as until
        from tegoed.active_hold(p_on) h
        where h.company_id = any (p_companies) and h.open_item_id is not null group by 1
    ) ih on ih.open_item_id = oi.id
    left join (
        select h.customer_id, bit_or(tegoed.stop_mask(h.stops)) as mask,
               case when bool_or(h.until is null) then null else max(h.until) end as until
        from tegoed.active_hold(p_on) h
        where h.company_id = any (p_companies) and h.open_item_id is null group by 1
    ) ch on ch.customer_id = oi.customer_id
    left join (
        select h.open_item_id, h.customer_id, max(tegoed.following_working(h.company_id, coalesce(h.ended_on, h.until))) as day
        from tegoed.hold h
        where h.company_id = any (p_companies) and coalesce(h.ended_on, h.until) between p_on - 14 and p_on
        group by 1, 2
    ) resumed on resumed.customer_id = oi.customer_id and coalesce(resumed.open_item_id, oi.id) = oi.id
    left join (
        select distinct nr.customer_id, nr.currency from tegoed.notice nr
        where nr.company_id = any (p_companies)
          and (nr.state = 'pending' or nr.state = 'running' and nr.last_day >= p_on)
    ) rn on rn.customer_id = oi.customer_id and rn.currency = oi.currency
    left join tegoed.notice nt on nt.id = oi.notice_id
    left join tegoed.workflow_next n on oi.outstanding > 0 and oi.kind = 'invoice'
        and n.version_id = cw.version_id and n.customer_kind = cw.kind and n.profile_id = cw.profile_id
        and n.position_done = case
            when oi.rank_done = 0 and oi.position_done = 0 then 0::smallint
            when oi.progress_version_id = cw.version_id then oi.position_done
            else (select coalesce(max(e.position), 0)::smallint from tegoed.workflow_step e
                  where e.version_id = cw.version_id and e.rank <= oi.rank_done) end
    left join tegoed.workflow_step s on s.version_id = n.version_id and s.position = n.position
    cross join lateral (
        select case s.after when 'due_date' then oi.due_date
            when 'notice_term' then coalesce(nt.last_day, case when nt.id is null then coalesce(oi.last_step_on, oi.due_date) end)
            else coalesce(oi.last_step_on, oi.due_date) end as day
    ) base
    left join tegoed.company_calendar b on s.day_kind = 'business' and b.company_id = oi.company_id and b.day = base.day
    left join tegoed.company_calendar t on t.company_id = b.company_id and t.working
        and t.working_no = b.working_no + s.days
    cross join lateral (
        select case s.day_kind when 'business' then t.day else base.day + s.days end as day
    ) rule
    cross join lateral (
        select case when rule.day is not null then greatest(rule.day, oi.planning_from,
            oi.last_step_on + greatest(s.min_interval, 1), resumed.day) end as day
    ) effective
    left join tegoed.company_calendar o on o.company_id = oi.company_id and o.day = effective.day
    where oi.company_id = any (p_companies) and oi.outstanding <> 0
      and (p_customers is null or oi.customer_id = any (p_customers))
$$;

-- Each item within its customer. `verdict`: due (leaves or is done now), joins (bundled with what is due),
-- covered (set off by credits), set_off, cost, in_action, skip, waiting, held, later, finished,
-- no_workflow, no_step. `group_key` tells which one action it belongs to when it is due or joins.
create function tegoed.step_schedule(p_companies int[], p_on date, p_customers bigint[] default null)
returns table (
    open_item_id bigint, company_id int, customer_id bigint, currency text, item_kind text, due_date date,
    outstanding numeric, unheld numeric, is_natural boolean, tone text, version_id int, workflow_from text,
    "position" smallint, following smallint, stage text, rank smallint, kind text,
    own_on date, verdict text, reason text, held_until date, live_action_id bigint,
    communication_on date, at_earliest date, waiting_action_id bigint,
    net numeric, overdue numeric, days_overdue int, text_position smallint, text_rank smallint
)
language sql stable as $$
    with item as (
        select i.*,
               i.kind in ('email', 'letter') as written,
               i.outstanding > 0 and i.due_date < p_on and not i.held and i.item_kind = 'invoice' as overdue_unheld
        from tegoed.item_step(p_companies, p_on, p_customers) i
    ), contact as (
        select d.customer_id, a.currency, max(d.contact_on) as last_on,
               count(*) filter (where d.contact_on = p_on) as today
        from tegoed.delivery d join tegoed.action a on a.id = d.action_id
        where d.company_id = any (p_companies) and d.contact_on between p_on - 60 and p_on
          and d.state in ('claimed', 'sending', 'done', 'failed', 'uncertain')
          and (p_customers is null or d.customer_id = any (p_customers))
        group by 1, 2
    ), last_contact as (
        select c1.customer_id, c1.currency, max(c2.last_on) as last_on
        from (select distinct customer_id, currency from item) c1
        join contact c2 on c2.customer_id = c1.customer_id and (c2.last_on < p_on or c2.currency = c1.currency)
        group by 1, 2
    ), busy_today as (
        select customer_id, sum(n) as contacts from (
            select customer_id, sum(today) as n from contact group by 1
            union all
            select ca.customer_id, count(*) from tegoed.call_attempt ca
            where ca.company_id = any (p_companies) and ca.on_date = p_on group by 1
        ) both_kinds group by 1
    ), waiting as (
        select a.customer_id, a.currency, min(a.id) as action_id, min(a.business_date) as business_date
        from tegoed.action a
        where a.company_id = any (p_companies) and a.state in ('planned', 'awaiting_approval', 'approved')
          and a.kind in ('email', 'letter') and a.origin = 'workflow'
          and (p_customers is null or a.customer_id = any (p_customers))
        group by 1, 2
    ), money as (
        select i.*,
               coalesce(sum(i.unheld) filter (where i.overdue_unheld) over same, 0) as overdue,
               coalesce(sum(i.unheld) filter (where i.outstanding < 0 and not i.held) over same, 0) as credit
        from item i
        window same as (partition by i.company_id, i.customer_id, i.currency)
    ), checked as (
        select m.*, lc.last_on, w.action_id as waiting_action_id, w.business_date as waiting_on,
               coalesce(bt.contacts, 0) >= c.max_contacts_per_day as day_full,
               c.minimum_amount as company_minimum,
               coalesce(m.fail, case
                   when m.kind is null or m.overdue + m.credit >= greatest(m.minimum_amount, c.minimum_amount, 0.01)
                        or not m.overdue_unheld then null
                   when m.overdue + m.credit <= 0 then 'net' else 'below_minimum' end) as failed
        from money m
        join tegoed.company c on c.id = m.company_id
        left join last_contact lc on lc.customer_id = m.customer_id and lc.currency = m.currency
        left join busy_today bt on bt.customer_id = m.customer_id
        left join waiting w on w.customer_id = m.customer_id and w.currency = m.currency
    ), ready as (
        select k.*,
               k.kind is not null and not k.held and k.wait is null and k.failed is null
                   and k.live_action_id is null and k.unheld > 0 as free,
               greatest(k.last_on + k.contact_gap, case when k.day_full then p_on + 1 end) as gap_until
        from checked k
    ), called as (
        select r.*,
               bool_or(r.free and r.written and r.own_on <= p_on) over same as written_due,
               bool_or(r.free and r.stage = 'notice14' and r.is_natural and r.own_on <= p_on) over same as notice_due,
               min(case when r.free and r.written then r.own_on end) over same as first_own
        from ready r
        window same as (partition by r.company_id, r.customer_id, r.currency)
    ), seated as (
        select c.*,
               case when c.waiting_action_id is not null then c.waiting_on
                    when c.first_own is null then null
                    else tegoed.next_working(c.company_id, greatest(c.first_own, c.gap_until, p_on)) end as communication_on,
               c.written_due and coalesce(c.gap_until, p_on) <= p_on as leaves,
               c.notice_due and c.can_be_noticed and not c.held and c.live_action_id is null and c.unheld > 0 as noticed_along
        from called c
    ), member as (
        select s.*,
               case
                   when s.waiting_action_id is not null then s.free and s.written and s.own_on <= p_on
                   when s.leaves then s.noticed_along
                       or s.free and s.written and s.overdue_unheld and s.own_on <= p_on + s.bundle_ahead
                   else false end as takes_part,
               sum(case when s.overdue_unheld then s.unheld else 0 end) over
                   (partition by s.company_id, s.customer_id, s.currency order by s.due_date, s.open_item_id) as running
        from seated s
    ), placed as (
        select m.*,
               m.takes_part and m.running + m.credit <= 0 as covered,
               case when m.noticed_along and m.leaves then ns.position else m.position end as step_position,
               case when m.noticed_along and m.leaves then ns.stage else m.stage end as step_stage,
               case when m.noticed_along and m.leaves then ns.rank else m.rank end as step_rank,
               case when m.noticed_along and m.leaves then ns.kind else m.kind end as step_kind
        from member m
        left join lateral (
            select w.position, w.stage, w.rank, w.kind from tegoed.workflow_step w
            where m.noticed_along and m.leaves and w.version_id = m.version_id and w.stage = 'notice14'
            order by w.position limit 1
        ) ns on true
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
               when p.covered then 'covered'
               when p.takes_part and p.noticed_along then 'due'
               when p.kind is null then 'finished'
               when p.held or p.unheld <= 0 then 'held'
               when p.takes_part then case when p.own_on <= p_on then 'due' else 'joins' end
               when p.wait is not null then 'waiting'
               when p.failed = 'never_demanded' and p.own_on <= p_on then 'never_demanded'
               when p.failed is not null and p.own_on <= p_on then
                   case when p.following is not null and p_on >= (
                       select greatest(
                           case f.after when 'due_date' then tegoed.add_days(p.company_id, p.due_date, f.days, f.day_kind)
                               else tegoed.add_days(p.company_id, p.own_on, f.days, f.day_kind) end,
                           p.own_on + f.min_interval)
                       from tegoed.workflow_step f where f.version_id = p.version_id and f.position = p.following)
                   then 'skip' else 'waiting' end
               when p.own_on <= p_on and p.written then 'waiting'
               when p.own_on <= p_on then 'due'
               when p.own_on is null then 'waiting'
               else 'later' end,
           coalesce(p.wait, p.failed,
               case when p.held then 'held' when p.own_on <= p_on and p.written and not p.takes_part then
                   case when p.waiting_action_id is not null then 'joins_waiting'
                        when p.day_full then 'day_full' else 'gap' end end),
           p.held_until, p.live_action_id, p.communication_on,
           case when not p.written or p.communication_on is null then p.own_on
                when p.takes_part then p_on
                when p.own_on <= p.communication_on + case when p.waiting_action_id is null then p.bundle_ahead else 0 end
                    then p.communication_on
                else greatest(p.own_on, p.communication_on + p.contact_gap) end,
           p.waiting_action_id, p.overdue + p.credit, p.overdue, greatest(p_on - p.due_date, 0),
           max(p.step_position) filter (where p.takes_part and not p.covered) over same,
           max(p.step_rank) filter (where p.takes_part and not p.covered) over same
    from placed p
    window same as (partition by p.company_id, p.customer_id, p.currency)
$$;
