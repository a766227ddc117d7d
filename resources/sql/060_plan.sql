-- Planning: what step_schedule() calls due becomes actions. Set-based; a second run writes nothing.

create function tegoed.can_mail(cu tegoed.customer) returns boolean
language sql immutable as $$ select cu.email <> '' and cu.email_state = 'good' $$;

create function tegoed.can_post(cu tegoed.customer) returns boolean
language sql immutable as $$
    select cu.street <> '' and cu.city <> '' and (cu.postcode <> '' or cu.country <> 'NL') and cu.address_state = 'good'
$$;

-- The kind of action a written step becomes for this customer: its own channel, or what stands in for it.
create function tegoed.reachable_kind(cu tegoed.customer, p_kind text, p_if_unreachable text) returns text
language sql immutable as $$
    select case
        when p_kind = 'email' and not tegoed.can_mail(cu) then case
            when p_if_unreachable = 'letter' and tegoed.can_post(cu) then 'letter'
            when p_if_unreachable = 'call' and cu.phone <> '' and cu.phone_state = 'good' then 'call' else 'task' end
        when p_kind = 'letter' and not tegoed.can_post(cu) then case
            when p_if_unreachable = 'call' and cu.phone <> '' and cu.phone_state = 'good' then 'call' else 'task' end
        else p_kind end
$$;

create function tegoed.score_of(p_overdue numeric, p_days int) returns numeric
language sql immutable parallel safe as $$
    select least(round(greatest(p_overdue, 0) * (1 + p_days / 30.0), 2), 1000000)
$$;

create function tegoed.class_of(p_kind text) returns smallint
language sql immutable parallel safe as $$
    select (case p_kind when 'call' then 3 when 'email' then 5 when 'letter' then 5 when 'charge' then 5 else 4 end)::smallint
$$;

-- Over a whole company a nested loop is never right, and on tables that were never analysed the database
-- takes it all the same: an hour instead of seconds. For one customer it is the only right one.
create function tegoed.join_by_hash(p_only boolean) returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    select pg_catalog.set_config('enable_nestloop', case when p_only then 'off' else 'on' end, true)
$$;

-- Customers with an item that could be due by its dates alone, before any join. An item that took no step
-- yet counts its days from its due date, so most of a ledger is known not to be due.
create function tegoed.ripe_customers(p_company int, p_on date, p_customers bigint[]) returns bigint[]
language sql stable set plan_cache_mode = force_custom_plan as $$
    select array_agg(r.customer_id) from (
        select oi.customer_id from tegoed.open_item oi
        where oi.company_id = p_company and oi.outstanding > 0 and oi.kind = 'invoice'
          and (p_customers is null or oi.customer_id = any (p_customers))
          and (oi.last_step_on < p_on or oi.last_step_on is null and oi.due_date <= p_on - (
              select coalesce(min(w.days), 0) from tegoed.workflow_step w where w.company_id = p_company))
          and not exists (select from tegoed.action_item live where live.open_item_id = oi.id and live.live_step)
        group by 1
    ) r
$$;

-- Customers with something that may be done on p_on: joins only, so that an idle day is one pass.
create function tegoed.due_customers(p_company int, p_on date, p_customers bigint[]) returns bigint[]
language sql stable set plan_cache_mode = force_custom_plan as $$
    select array_agg(d.customer_id) from (
        select i.customer_id from tegoed.item_step(array[p_company], p_on, p_customers) i
        where i.own_on <= p_on and i.live_action_id is null and i.kind is not null and not i.held and i.wait is null
        group by 1
    ) d
$$;

-- Writes the actions that are due for these customers. Internal: the callers check rights and lock.
create function tegoed.plan_customers(p_company int, p_on date, p_customers bigint[]) returns jsonb
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    v_due bigint[];
    v_counts jsonb;
    v_skipped bigint[];
    v_joining int;
    v_first_run boolean := (select first_run_to_approval from tegoed.company where id = p_company);
    v_queue int := (select min(id) from tegoed.print_queue where company_id = p_company);
begin
    perform tegoed.join_by_hash(p_customers is null or cardinality(p_customers) > 200);
    v_due := tegoed.ripe_customers(p_company, p_on, p_customers);
    -- where nearly everybody may be due, asking each item first is one pass too many
    if cardinality(v_due) < 0.5 * (select count(*) from tegoed.customer cu where cu.company_id = p_company) then
        v_due := tegoed.due_customers(p_company, p_on, v_due);
    end if;
    if v_due is null then
        perform tegoed.join_by_hash(false);
        return jsonb_build_object('actions', 0, 'items', 0, 'joined', 0, 'skipped', 0, 'follow_ups', 0);
    end if;
    -- what is asked of a row first stands first: it is read six times, mostly for its verdict alone
    with schedule as materialized (
        select s.verdict, s.waiting_action_id, coalesce(s.kind in ('email', 'letter'), false) as step_is_written,
               s.customer_id, s.currency, s.version_id, s.position, s.text_position, s.unheld, s.days_overdue, s.overdue,
               s.own_on, s.workflow_from, s.tone, s.open_item_id, s.stage, s.rank, s.reason
        from tegoed.schedule_of(array[p_company], p_on, v_due) s
        where s.verdict in ('due', 'joins', 'covered', 'set_off', 'cost', 'skip', 'never_demanded')
    ), skipped as (
        insert into tegoed.step_done (company_id, open_item_id, version_id, position, stage, rank, at, on_date,
                                      written, skipped, reason)
        select p_company, s.open_item_id, s.version_id, s.position, s.stage, s.rank, now(), p_on,
               s.step_is_written, true, s.reason
        from schedule s where s.verdict = 'skip'
        returning open_item_id
    ), deed as (
        -- all that is written is one deed, every other step one of its own
        select s.customer_id, s.currency, s.version_id, s.step_is_written,
               case when s.step_is_written then max(s.text_position) else max(s.position) end as position,
               sum(s.unheld) as amount, max(s.days_overdue) as days_overdue, max(s.overdue) as overdue,
               min(s.own_on) as due_on, count(*) as items, min(s.workflow_from) as workflow_from, min(s.tone) as tone,
               count(*) filter (where s.verdict = 'joins') as joined
        from schedule s
        where s.verdict in ('due', 'joins') and s.waiting_action_id is null
           or s.verdict = 'due' and not s.step_is_written
        group by s.customer_id, s.currency, s.version_id, s.step_is_written,
                 case when not s.step_is_written then s.position end
    ), extra as (
        select s.customer_id, s.currency, sum(s.unheld) as amount
        from schedule s
        where s.verdict in ('set_off', 'cost', 'covered') and s.waiting_action_id is null
        group by 1, 2
    ), step as (
        select w.*, jsonb_build_object('rule', 'step', 'step', w.position, 'title', w.title, 'days', w.days,
                   'after', w.after, 'day_kind', w.day_kind, 'workflow', wf.name, 'channel', w.kind) as said
        from tegoed.workflow_step w
        join tegoed.workflow_version v on v.id = w.version_id
        join tegoed.workflow wf on wf.id = v.workflow_id
        where w.company_id = p_company
        offset 0
    ), made as (
        insert into tegoed.action (company_id, customer_id, kind, origin, stage, rank, version_id, position, template,
            tone, currency, state, business_date, due_on, amount, days_overdue, class, score, approval_required,
            counts_as_step, cause, explanation)
        select p_company, d.customer_id, k.kind, 'workflow', w.stage, w.rank, d.version_id, w.position, w.template,
               coalesce(w.tone, d.tone), d.currency, 'planned', p_on, d.due_on,
               d.amount + case when d.step_is_written then coalesce(x.amount, 0) else 0 end,
               d.days_overdue, tegoed.class_of(k.kind), tegoed.score_of(d.overdue, d.days_overdue),
               k.kind in ('email', 'letter') and (w.approval or v_first_run),
               not (w.kind in ('email', 'letter') and k.kind = 'task'),
               case when w.kind in ('email', 'letter') and k.kind in ('task', 'call') then 'unreachable' end,
               w.said || jsonb_build_object('workflow_from', d.workflow_from, 'due_on', d.due_on, 'items', d.items,
                   'bundled', d.joined, 'overdue', d.overdue, 'set_off', coalesce(x.amount, 0))
        from deed d
        join step w on w.version_id = d.version_id and w.position = d.position
        join tegoed.customer cu on cu.id = d.customer_id
        cross join lateral (select tegoed.reachable_kind(cu, w.kind, w.if_unreachable) as kind) k
        left join extra x on x.customer_id = d.customer_id and x.currency = d.currency
        -- credits may cover all that this letter asks, while older items outside it are owed
        where not d.step_is_written or d.amount + coalesce(x.amount, 0) > 0
        order by d.customer_id, d.currency, w.position
        returning id, customer_id, currency, kind, version_id, position, amount, rank,
                  template is not null as written_step
    ), seat as (
        select m.id as action_id, s.open_item_id, s.stage, s.rank, s.version_id, s.position, s.unheld,
               case when s.verdict in ('set_off', 'cost', 'covered') then s.verdict
                    when s.rank < m.rank then 'also_due' else 'demand' end as role,
               s.verdict in ('due', 'joins') as live
        from made m
        join schedule s on s.customer_id = m.customer_id and s.currency = m.currency
            and (s.verdict in ('due', 'joins') and s.step_is_written = m.written_step
                     and (m.written_step or s.position = m.position)
                 or m.written_step and s.verdict in ('set_off', 'cost', 'covered'))
    ), seated as (
        insert into tegoed.action_item (action_id, open_item_id, company_id, role, stage, rank, version_id, position,
                                        amount, live_step)
        select action_id, open_item_id, p_company, role, stage, coalesce(rank, 0), version_id, position, unheld, live
        from seat
        returning live_step
    ), delivered as (
        insert into tegoed.delivery (action_id, company_id, customer_id, channel, is_primary, recipient, queue_id)
        select m.id, p_company, m.customer_id, ch.channel, ch.channel = m.kind,
               case when ch.channel = 'email' then cu.email else '' end,
               case when ch.channel = 'letter' then v_queue end
        from made m
        join tegoed.workflow_step w on w.version_id = m.version_id and w.position = m.position
        join tegoed.customer cu on cu.id = m.customer_id
        cross join lateral (
            select m.kind as channel
            union all
            select w.copy_channel where w.copy_channel <> m.kind
                and case w.copy_channel when 'email' then tegoed.can_mail(cu) else tegoed.can_post(cu) end
        ) ch
        where m.kind in ('email', 'letter')
        returning 1
    ), told as (
        insert into tegoed.event (company_id, customer_id, action_id, kind, facts)
        select p_company, m.customer_id, m.id, 'action.planned',
               jsonb_build_object('kind', m.kind, 'amount', m.amount, 'on', p_on)
        from made m
        returning 1
    ), follow_up as (
        insert into tegoed.action (company_id, customer_id, kind, origin, currency, business_date, due_on, amount,
            days_overdue, class, score, counts_as_step, cause, explanation)
        select p_company, s.customer_id, 'task', 'follow_up', s.currency, p_on, p_on, sum(s.unheld),
               max(s.days_overdue), 4, tegoed.score_of(max(s.overdue), max(s.days_overdue)), false, 'never_demanded',
               jsonb_build_object('rule', 'never_demanded', 'items', count(*))
        from schedule s
        where s.verdict = 'never_demanded' and not exists (
            select from tegoed.action a where a.customer_id = s.customer_id and a.cause = 'never_demanded'
              and (a.state = 'planned' or a.business_date > p_on - 30))
        group by s.customer_id, s.currency
        returning 1
    )
    select jsonb_build_object(
               'actions', (select count(*) from made),
               'items', (select count(*) from seated where live_step),
               'deliveries', (select count(*) from delivered), 'events', (select count(*) from told),
               'skipped', (select count(*) from skipped),
               'follow_ups', (select count(*) from follow_up)),
           (select array_agg(open_item_id) from skipped),
           (select count(*) from schedule s
            where s.verdict = 'due' and s.step_is_written and s.waiting_action_id is not null)
    into v_counts, v_skipped, v_joining;
    perform tegoed.join_by_hash(false);
    perform tegoed.keep_progress(v_skipped);
    return v_counts || jsonb_build_object('joined',
        case when v_joining > 0 then tegoed.join_waiting(p_company, p_on, v_due) else 0 end);
end
$$;

-- Items that have become due while an automatic communication waits join it: it is rendered again, and
-- goes back to approval when it needed one. A claimed or sending one is left alone; they wait for the gap.
create function tegoed.join_waiting(p_company int, p_on date, p_customers bigint[]) returns int
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    v_joined int;
    v_actions bigint[];
begin
    with schedule as materialized (
        select s.* from tegoed.step_schedule(array[p_company], p_on, p_customers) s
        where s.verdict = 'due' and s.waiting_action_id is not null and s.kind in ('email', 'letter')
          and not exists (select from tegoed.delivery d where d.action_id = s.waiting_action_id and d.state <> 'waiting')
    ), seated as (
        insert into tegoed.action_item (action_id, open_item_id, company_id, role, stage, rank, version_id, position,
                                        amount, live_step)
        select s.waiting_action_id, s.open_item_id, s.company_id, 'demand', s.stage, s.rank, s.version_id, s.position,
               s.unheld, true
        from schedule s
        on conflict (action_id, open_item_id) do update
            set role = 'demand', stage = excluded.stage, rank = excluded.rank, version_id = excluded.version_id,
                position = excluded.position, amount = excluded.amount, live_step = true
        returning action_id
    )
    select count(*), array_agg(distinct action_id) into v_joined, v_actions from seated;
    if v_joined > 0 then
        perform tegoed.render_again(a, 'items_joined') from unnest(v_actions) a;
    end if;
    return v_joined;
end
$$;

-- What a person must look at although nothing is due: a 14-day letter without a day of posting two working
-- days on, letters that no station took from their print queue since yesterday, costs whose principal is
-- paid. Each is asked once; a queue again the next day. How many were raised.
create function tegoed.raise_follow_ups(p_company int, p_on date) returns int
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    with wanted as (
        select n.customer_id, n.currency, n.principal as amount, 'posting_unknown' as cause, n.action_id,
               jsonb_build_object('notice', n.id, 'sent_on', n.sent_on) as facts
        from tegoed.notice n
        join tegoed.company_calendar s on s.company_id = p_company and s.day = n.sent_on
        join tegoed.company_calendar t on t.company_id = p_company and t.day = p_on
        where n.company_id = p_company and n.state = 'pending' and t.working_no - s.working_no >= 2
        union all
        select (array_agg(d.customer_id order by d.not_before, d.id))[1], c.currency, 0, 'queue_unserved', null,
               jsonb_build_object('queue', q.name, 'letters', count(*))
        from tegoed.delivery d
        join tegoed.print_queue q on q.id = d.queue_id and q.company_id = p_company
        join tegoed.company c on c.id = p_company and c.state = 'live'
        where d.company_id = p_company and d.channel = 'letter' and d.state = 'waiting' and d.document_id is not null
          and (d.not_before at time zone c.timezone)::date < p_on
        group by q.id, c.currency
        union all
        select oi.customer_id, oi.currency, sum(oi.outstanding), 'costs_remain', oi.parent_action_id,
               jsonb_build_object('items', jsonb_agg(oi.document_number))
        from tegoed.open_item oi
        where oi.company_id = p_company and oi.outstanding > 0 and oi.kind in ('cost', 'interest')
          and not exists (select from tegoed.action_item ai join tegoed.open_item p on p.id = ai.open_item_id
                          where ai.action_id = oi.parent_action_id and p.outstanding > 0 and p.kind = 'invoice')
        group by oi.customer_id, oi.currency, oi.parent_action_id
    ), raised as (
        insert into tegoed.action (company_id, customer_id, kind, origin, currency, business_date, due_on, amount, class,
            counts_as_step, cause, parent_action_id, explanation)
        select p_company, w.customer_id, 'task', 'follow_up', w.currency, p_on, p_on, w.amount, 4, false, w.cause,
               w.action_id, jsonb_build_object('rule', w.cause) || w.facts
        from wanted w
        where not exists (
            select from tegoed.action a
            where a.company_id = p_company and a.origin = 'follow_up' and a.cause = w.cause
              and case when w.action_id is not null
                  -- one that an import asked about has no parent and counts while it waits
                  then a.customer_id = w.customer_id and (a.parent_action_id = w.action_id
                      or a.parent_action_id is null and a.currency = w.currency and a.state = 'planned')
                  else a.explanation ->> 'queue' = w.facts ->> 'queue' and (a.state = 'planned' or a.business_date = p_on) end)
        returning 1
    )
    select count(*)::int from raised
$$;

create function tegoed.lock_company(p_company int) returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    select pg_catalog.pg_advisory_xact_lock(7402, p_company)
$$;

-- Plans a company for a business date. With p_once nothing happens when that date was planned already.
-- p_all plans every customer, else those given. The lock lets one planner or import at a time.
create function tegoed.plan_company(p_company int, p_on date, p_once boolean default false) returns jsonb
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_company tegoed.company;
    v_counts jsonb;
begin
    perform tegoed.require_role('worker', 'manager');
    perform tegoed.require_company(p_company);
    perform tegoed.lock_company(p_company);
    select * into v_company from tegoed.company where id = p_company;
    if v_company.state = 'off' then
        return jsonb_build_object('off', true);
    elsif p_once and v_company.planned_for >= p_on then
        return jsonb_build_object('already', v_company.planned_for);
    elsif not exists (select from tegoed.company_calendar where company_id = p_company and day = p_on + 400)
       or not exists (select from tegoed.company_calendar where company_id = p_company and day = p_on) then
        perform tegoed.fail('TG002', format('The calendar of %s does not reach %s.', v_company.code, p_on + 400),
            jsonb_build_object('code', 'calendar.short', 'remedy', 'Run: tegoed company set CODE --calendar.'));
    end if;
    v_counts := tegoed.plan_customers(p_company, p_on, null);
    v_counts := v_counts || jsonb_build_object('follow_ups',
        (v_counts ->> 'follow_ups')::int + tegoed.raise_follow_ups(p_company, p_on));
    update tegoed.company set planned_for = greatest(planned_for, p_on),
        first_run_to_approval = first_run_to_approval and (v_counts ->> 'actions')::int = 0
    where id = p_company and (planned_for is distinct from greatest(planned_for, p_on) or first_run_to_approval);
    if (v_counts ->> 'actions')::int + (v_counts ->> 'skipped')::int + (v_counts ->> 'joined')::int
       + (v_counts ->> 'follow_ups')::int > 0 then
        perform tegoed.note_event(p_company, null, 'company.planned', v_counts || jsonb_build_object('on', p_on));
        perform tegoed.announce(p_company, 'actions');
    end if;
    return v_counts;
end
$$;
