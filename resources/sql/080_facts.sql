-- What a communication is made from, and whether that still holds.

create function tegoed.sending_paused() returns boolean
language sql stable security definer set search_path = pg_catalog, tegoed, pg_temp as $$
    select coalesce((select s.paused_at is not null from tegoed.database_state s), true)
$$;

-- The business date of a company: its clock, or the instant given for a company that only uses folders.
create function tegoed.business_date(p_company tegoed.company, p_now timestamptz) returns date
language plpgsql stable set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    if p_now is not null and (p_company.mail_transport <> 'folder' or exists (
        select from tegoed.print_queue q where q.company_id = p_company.id and q.transport <> 'folder')) then
        perform tegoed.fail('TG002', 'Only a company whose mail and letters go to folders can have its own clock.',
            jsonb_build_object('code', 'clock.real', 'remedy', 'Leave the date out, or use today.'));
    end if;
    return (coalesce(p_now, now()) at time zone p_company.timezone)::date;
end
$$;

-- A company that only uses folders may be ahead of the calendar (it was planned for a later day), or behind
-- it. What people do there counts from the later day on and silences from the earlier one.
create function tegoed.own_days(p_company int, out first date, out last date)
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select least(t.today, p.planned_for), greatest(t.today, p.planned_for)
    from (select tegoed.today_of(p_company) as today) t
    left join tegoed.company p on p.id = p_company and p.mail_transport = 'folder' and not exists (
        select from tegoed.print_queue q where q.company_id = p.id and q.transport <> 'folder')
$$;

create function tegoed.own_today(p_company int) returns date
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select d.last from tegoed.own_days(p_company) d
$$;

create function tegoed.data_is_stale(p_company tegoed.company, p_on date) returns boolean
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select p_company.data_as_of is null or p_company.import_failed_at is not null
        or (select d.working_no - a.working_no from tegoed.company_calendar d, tegoed.company_calendar a
            where d.company_id = p_company.id and d.day = p_on
              and a.company_id = p_company.id and a.day = least(p_company.data_as_of, p_on)) > p_company.freshness_days
$$;

-- Brings the items of a waiting communication up to date: paid and held ones leave it, credits of today are
-- set off, the text becomes that of the highest step left. Returns null, or why nothing is left to send.
-- Every statement goes by keys of one customer, so one plan serves all; planning anew took most of a letter.
create function tegoed.refresh_action(p_action bigint, p_on date) returns text
language plpgsql set search_path = pg_catalog, tegoed, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    v_action tegoed.action;
    v_dropped jsonb;
    v_top record;
    v_minimum numeric;
    v_overdue numeric;
    v_credit numeric;
begin
    select * into v_action from tegoed.action where id = p_action;
    with state as (
        select ai.open_item_id, oi.outstanding, k.amount as unheld,
               case when oi.outstanding <= 0 then 'paid' when coalesce(
                   (s.mask & tegoed.kind_mask(v_action.kind)) <> 0, false) or k.amount <= 0 then 'held' end as dropped
        from tegoed.action_item ai
        join tegoed.open_item oi on oi.id = ai.open_item_id
        left join lateral (select * from tegoed.unheld_item(oi, p_on)) s on true
        cross join lateral (select case when oi.notice_id is null then s.unheld
            else tegoed.askable(oi, s.unheld, ai.stage, p_on) end as amount) k
        where ai.action_id = p_action and ai.role in ('demand', 'also_due', 'covered')
    ), gone as (
        delete from tegoed.action_item ai using state s
        where ai.action_id = p_action and ai.open_item_id = s.open_item_id and s.dropped is not null
        returning ai.open_item_id, s.dropped
    ), kept as (
        update tegoed.action_item ai set amount = s.unheld, role = case when ai.role = 'covered' then 'demand' else ai.role end
        from state s
        where ai.action_id = p_action and ai.open_item_id = s.open_item_id and s.dropped is null
          and (ai.amount <> s.unheld or ai.role = 'covered')
        returning 1
    )
    select jsonb_object_agg(g.open_item_id, g.dropped) into v_dropped from gone g;
    if v_dropped is not null then
        perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'action.items_dropped', v_dropped, p_action);
    end if;
    delete from tegoed.action_item where action_id = p_action and role in ('set_off', 'cost');
    insert into tegoed.action_item (action_id, open_item_id, company_id, role, amount)
    select p_action, oi.id, oi.company_id, case when oi.outstanding < 0 then 'set_off' else 'cost' end, oi.outstanding
    from tegoed.open_item oi
    cross join lateral tegoed.unheld_item(oi, p_on) s
    where oi.customer_id = v_action.customer_id and oi.currency = v_action.currency and oi.outstanding <> 0
      and (oi.outstanding < 0 or oi.kind in ('cost', 'interest'))
      and (s.mask & tegoed.kind_mask(v_action.kind)) = 0
    on conflict (action_id, open_item_id) do nothing;
    select coalesce(sum(amount), 0) into v_credit from tegoed.action_item where action_id = p_action and role = 'set_off';
    update tegoed.action_item ai set role = 'covered'
    from (select i.open_item_id, sum(i.amount) over (order by oi.due_date, oi.id) as running
          from tegoed.action_item i join tegoed.open_item oi on oi.id = i.open_item_id
          where i.action_id = p_action and i.role in ('demand', 'also_due')) r
    where ai.action_id = p_action and ai.open_item_id = r.open_item_id and r.running + v_credit <= 0;
    select w.*, i.rank as item_rank into v_top
    from tegoed.action_item i
    left join tegoed.workflow_step w on w.version_id = i.version_id and w.position = i.position
    where i.action_id = p_action and i.role in ('demand', 'also_due')
    order by i.rank desc, i.position desc nulls last limit 1;
    if not found then
        return case when v_credit < 0 then 'net' when v_dropped is null then 'nothing_left'
                    when v_dropped::text like '%held%' then 'held' else 'paid' end;
    end if;
    if v_action.origin = 'workflow' and v_action.template is not null then
        update tegoed.action_item set role = case when rank < v_top.item_rank then 'also_due' else 'demand' end
        where action_id = p_action and role in ('demand', 'also_due');
        update tegoed.action set stage = v_top.stage, rank = v_top.item_rank, position = v_top.position,
            template = coalesce(v_top.template, template), tone = coalesce(v_top.tone, tone),
            approval_required = approval_required or coalesce(v_top.approval, false)
        where id = p_action;
    end if;
    update tegoed.action set amount = (select sum(amount) from tegoed.action_item where action_id = p_action)
    where id = p_action;
    -- the minimum is of everything overdue and unheld, as planning counts it
    select coalesce(sum(s.unheld), 0) into v_overdue from tegoed.open_item oi
    cross join lateral tegoed.unheld_item(oi, p_on) s
    where oi.customer_id = v_action.customer_id and oi.currency = v_action.currency and oi.kind = 'invoice'
      and oi.outstanding > 0 and oi.due_date < p_on and (s.mask & tegoed.kind_mask(v_action.kind)) = 0;
    select greatest(coalesce(v_top.minimum_amount, 0), c.minimum_amount) into v_minimum
    from tegoed.company c where c.id = v_action.company_id;
    if v_action.origin = 'workflow' and v_overdue = 0 then
        return 'not_due';
    elsif v_action.origin = 'workflow' and v_overdue + v_credit <= 0 then
        return 'net';
    elsif v_action.origin = 'workflow' and v_overdue + v_credit < v_minimum then
        return 'below_minimum';
    end if;
    return null;
end
$$;

-- What of one item no hold speaks for, and which channels its holds stop.
create function tegoed.unheld_item(p_item tegoed.open_item, p_on date)
returns table (unheld numeric, mask int)
language sql stable as $$
    select case when p_item.outstanding > 0 then greatest(p_item.outstanding - coalesce(sum(h.amount), 0), 0)
                else p_item.outstanding end,
           coalesce(bit_or(case when h.amount is null then tegoed.stop_mask(h.stops) else 0 end), 0)
    from tegoed.active_hold(p_on) h
    where h.customer_id = p_item.customer_id and (h.open_item_id is null or h.open_item_id = p_item.id)
$$;

-- What may be asked of an item that a 14-day letter named: a final demand and a hand-over ask at most what
-- stood in one whose term is over.
create function tegoed.askable(p_item tegoed.open_item, p_unheld numeric, p_stage text, p_on date) returns numeric
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select case when p_stage in ('final_demand', 'hand_over') and n.expired > 0 then least(p_unheld, n.expired)
                else p_unheld end
    from (
        select max(ni.principal) filter (where nt.last_day < p_on) as expired
        from tegoed.notice_item ni join tegoed.notice nt on nt.id = ni.notice_id
        where ni.open_item_id = p_item.id and nt.state <> 'void'
    ) n
$$;

-- The facts of a communication. `checked` are those whose change makes the rendering void; `shown` the
-- rest of what the letter needs. Amounts are strings, so that no digit is lost on the way.
create function tegoed.communication_facts(p_action bigint, p_on date) returns jsonb
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select jsonb_build_object(
        'checked', jsonb_build_object(
            'items', items.list,
            'addressee', jsonb_build_object('name', cu.name, 'contact', cu.contact_name, 'gender', cu.contact_gender,
                'street', cu.street, 'postcode', cu.postcode, 'city', cu.city, 'country', cu.country,
                'email', cu.email, 'language', cu.language, 'number', cu.number),
            'kind', cu.kind, 'group', cu.group_id, 'version', a.version_id,
            'step', jsonb_build_object('stage', a.stage, 'template', a.template, 'tone', a.tone, 'channel', a.kind),
            'notice', case when a.stage = 'notice14' then
                tegoed.notice_claim(a.company_id, a.customer_id, a.currency, p_on, greatest(items.principal, 0)) end,
            'fees', fees.list),
        'shown', jsonb_build_object(
            'action', a.id, 'currency', a.currency, 'origin', a.origin, 'letter_date', p_on,
            'sender', to_jsonb(c) - array['logo', 'version', 'days_off'],
            'logo', encode(c.logo, 'base64'),
            'paid_through', c.data_as_of, 'next_stage', nxt.stage, 'pay_within', w.pay_within,
            'pay_before', case when w.pay_within is not null then tegoed.next_working(a.company_id, p_on + w.pay_within) end,
            'natural', cu.kind in ('consumer', 'unknown'), 'principal', items.principal::text,
            'reference', r.reference))
    from tegoed.action a
    join tegoed.customer cu on cu.id = a.customer_id
    join tegoed.company c on c.id = a.company_id
    left join tegoed.workflow_step w on w.version_id = a.version_id and w.position = a.position
    left join tegoed.letter_reference r on r.action_id = a.id
    left join lateral (
        select f.stage from tegoed.workflow_step f
        where f.version_id = a.version_id and f.rank > a.rank and f.stage is not null
          and (f.customer_kinds is null or cu.kind = any (f.customer_kinds))
        order by f.position limit 1
    ) nxt on true
    cross join lateral (
        select jsonb_agg(jsonb_build_object('id', oi.id, 'number', oi.document_number, 'kind', oi.kind,
                   'your_reference', oi.your_reference, 'invoice_date', oi.invoice_date, 'due_date', oi.due_date,
                   'due_estimated', oi.due_estimated, 'original', oi.original_amount::text,
                   'outstanding', oi.outstanding::text, 'amount', ai.amount::text, 'role', ai.role, 'stage', ai.stage,
                   'reminded_on', oi.reminded_on, 'notice', oi.notice_id, 'notice_skipped', oi.notice_skipped)
                   order by oi.due_date, oi.id) as list,
               sum(ai.amount) filter (where ai.role in ('demand', 'set_off')) as principal
        from tegoed.action_item ai join tegoed.open_item oi on oi.id = ai.open_item_id
        where ai.action_id = a.id
    ) items
    cross join lateral (
        select jsonb_agg(jsonb_build_object('id', n.id, 'state', n.state, 'fee', n.fee::text, 'vat', n.vat::text,
                   'last_day', n.last_day) order by n.id) as list
        from tegoed.notice n where n.customer_id = a.customer_id and n.currency = a.currency
          and n.state in ('pending', 'running', 'charged')
    ) fees
    where a.id = p_action
$$;

create function tegoed.digest(p_facts jsonb) returns text
language sql immutable parallel safe as $$
    select encode(sha256(convert_to((p_facts -> 'checked')::text, 'UTF8')), 'hex')
$$;

-- What differs between two lists of checked facts: each changed item and each changed value, before and after.
create function tegoed.difference(p_old jsonb, p_new jsonb) returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, tegoed, pg_temp as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'items', (
            select jsonb_agg(jsonb_build_object('item', coalesce(n.id, o.id), 'number', coalesce(n.line, o.line) ->> 'number',
                       'before', o.line ->> 'amount', 'after', n.line ->> 'amount',
                       'changed', case when o.id is null then '["joined"]' when n.id is null then '["left"]' else (
                           select jsonb_agg(k.key order by k.key) from jsonb_each(n.line) k where k.value <> o.line -> k.key) end)
                       order by coalesce(n.id, o.id))
            from (select (i ->> 'id')::bigint as id, i as line from jsonb_array_elements(
                      case jsonb_typeof(p_old -> 'items') when 'array' then p_old -> 'items' else '[]' end) i) o
            full join (select (i ->> 'id')::bigint as id, i as line from jsonb_array_elements(
                      case jsonb_typeof(p_new -> 'items') when 'array' then p_new -> 'items' else '[]' end) i) n using (id)
            where o.line is distinct from n.line),
        'facts', (
            select jsonb_object_agg(d.key, jsonb_build_array(p_old -> d.key, d.value)) from jsonb_each(p_new) d
            where d.key <> 'items' and d.value is distinct from p_old -> d.key)))
$$;

-- A waiting communication whose facts changed: rendered again, and approved again where it needed that.
create function tegoed.render_again(p_action bigint, p_reason text) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action;
begin
    update tegoed.action set state = 'planned', facts_digest = null, render_token = null, render_lease = null
    where id = p_action and state in ('planned', 'awaiting_approval', 'approved')
    returning * into v_action;
    if found then
        update tegoed.delivery set state = 'waiting', token = null, lease_until = null, not_before = null, contact_on = null,
            document_id = null, sha256 = null, error = null
        where action_id = p_action and state in ('waiting', 'claimed');
        perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'action.render_again',
            jsonb_build_object('reason', p_reason), p_action);
    end if;
end
$$;

-- A machine's cancellation: the items are free for planning again.
create function tegoed.cancel_action(p_action bigint, p_reason text) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action;
begin
    update tegoed.action set state = 'cancelled', cancel_reason = p_reason, ended_at = now()
    where id = p_action and state in ('planned', 'awaiting_approval', 'approved', 'sending') returning * into v_action;
    if found then
        update tegoed.delivery set state = 'withdrawn', token = null, lease_until = null, contact_on = null
        where action_id = p_action and state in ('waiting', 'claimed', 'failed', 'uncertain');
        update tegoed.action_item set live_step = false where action_id = p_action and live_step;
        perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'action.cancelled',
            jsonb_build_object('reason', p_reason), p_action);
        perform tegoed.announce(v_action.company_id, 'actions', array[p_action]);
    end if;
end
$$;
